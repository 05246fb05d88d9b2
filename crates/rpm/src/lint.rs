//! Which readers cannot use a package, a repository or a certificate, though all is well
//! signed.
//!
//! A [`Target`] is data: a generation of readers, and the traits it rejects or stumbles
//! on, each with its reason and where that is known from. What is linted has traits
//! (signed by a subkey, P-256, no digest of the payload), and each trait that a target
//! minds is a finding with a code of its own and a step that helps. Nothing here verifies
//! a signature: what is expired, revoked or bad is for
//! [`package::verify`](crate::package::verify).
//!
//! The targets whose programs are at hand are held against them by this crate's tests:
//! what the program accepts, the lint does not reject, and the other way round.

mod certificate;
mod package;
mod repository;
mod target;

use pkgseal_openpgp::{Certificate, Certificates, Examination, Profile, Verifier};
use pkgseal_repo::{Code, Finding};

use jiff::Timestamp;

pub use package::package;
pub use repository::{repomd, repository};
pub use target::Target;

use crate::codes;

/// What a trait is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// Packages, and the certificates they are verified with: rpm's side.
    Package,
    /// repomd.xml and its signature: the side of dnf, zypper and yum.
    Metadata,
}

/// A trait that some reader minds: its name in targets, its code, and what to do.
pub(crate) struct Trait {
    pub(crate) name: &'static str,
    code: Code,
    hint: &'static str,
}

const fn of(name: &'static str, code: Code, hint: &'static str) -> Trait {
    Trait { name, code, hint }
}

const NEW_RSA: &str = "make an RSA key, which every reader takes: pkgseal key generate --algorithm rsa4096 --user-id 'NAME <MAIL>'";
const SIGN_RSA: &str =
    "put a copy where they look: pkgseal rpm sign --rpmv4 --existing replace --key RSA-KEY PACKAGE";
const PRIMARY: &str = "sign with a key whose primary key signs: gpg --quick-generate-key 'NAME <MAIL>' rsa4096 sign,cert 2y";

const PACKAGE: &[Trait] = &[
    of("short-rsa", codes::LINT_SHORT_RSA, NEW_RSA),
    of("dsa", codes::LINT_DSA, NEW_RSA),
    of("eddsa", codes::LINT_EDDSA, NEW_RSA),
    of("nist-curve", codes::LINT_NIST, NEW_RSA),
    of("brainpool", codes::LINT_BRAINPOOL, NEW_RSA),
    of("v6-key", codes::LINT_V6_KEY, NEW_RSA),
    of("post-quantum", codes::LINT_POST_QUANTUM, NEW_RSA),
    of("subkey", codes::LINT_SUBKEY, PRIMARY),
    of(
        "dead-subkey",
        codes::LINT_DEAD_SUBKEY,
        "publish the certificate without that subkey: gpg --export-options export-clean --armor --export FINGERPRINT",
    ),
    of(
        "sha1-self-signature",
        codes::LINT_SHA1_SELF,
        "renew the self-signatures with SHA-512: sq cert lint --fix",
    ),
    of(
        "expiry",
        codes::LINT_EXPIRY,
        "publish a new key in time, beside the old one: readers of this kind never see an extended expiry",
    ),
    of(
        "sha1-signature",
        codes::LINT_SHA1_SIGNATURE,
        "sign it anew: pkgseal sign --existing replace --key KEY PACKAGE",
    ),
    of(
        "unsigned",
        codes::LINT_UNSIGNED,
        "pkgseal sign --key KEY PACKAGE",
    ),
    of("openpgp-tag-only", codes::LINT_OPENPGP_ONLY, SIGN_RSA),
    of(
        "v6-in-legacy-tag",
        codes::LINT_V6_LEGACY,
        "sign it anew: pkgseal sign --existing replace --key KEY PACKAGE",
    ),
    of(
        "several-signatures",
        codes::LINT_SEVERAL,
        "remove all but one: pkgseal rpm unsign --by FINGERPRINT PACKAGE",
    ),
    of(
        "no-sha256-header-digest",
        codes::LINT_HEADER_DIGEST,
        "build it anew with rpm 4.14 or later",
    ),
    of(
        "no-payload-digest",
        codes::LINT_PAYLOAD_DIGEST,
        "build it anew with rpm 4.14 or later",
    ),
    of(
        "format-6",
        codes::LINT_FORMAT_6,
        "build it in format 4: rpmbuild --define '_rpmformat 4'",
    ),
    of(
        "zstd-payload",
        codes::LINT_ZSTD_PAYLOAD,
        "build it with another compression: rpmbuild --define '_binary_payload w6.xzdio'",
    ),
];

const SIGN_REPOMD: &str = "sign with such a key: pkgseal sign --key OTHER-KEY repodata/repomd.xml";

const METADATA: &[Trait] = &[
    of("short-rsa", codes::YUM_LINT_SHORT_RSA, NEW_RSA),
    of("dsa", codes::YUM_LINT_DSA, NEW_RSA),
    of("eddsa", codes::YUM_LINT_EDDSA, NEW_RSA),
    of("nist-curve", codes::YUM_LINT_NIST, NEW_RSA),
    of("brainpool", codes::YUM_LINT_BRAINPOOL, NEW_RSA),
    of("v6-key", codes::YUM_LINT_V6_KEY, SIGN_REPOMD),
    of("post-quantum", codes::YUM_LINT_POST_QUANTUM, SIGN_REPOMD),
    of("subkey", codes::YUM_LINT_SUBKEY, PRIMARY),
    of(
        "sha1-self-signature",
        codes::YUM_LINT_SHA1_SELF,
        "renew the self-signatures with SHA-512: sq cert lint --fix",
    ),
    of(
        "sha1-signature",
        codes::YUM_LINT_SHA1_SIGNATURE,
        "pkgseal sign --key KEY repodata/repomd.xml",
    ),
    of(
        "unsigned",
        codes::YUM_LINT_UNSIGNED,
        "pkgseal sign --key KEY repodata/repomd.xml",
    ),
    of(
        "several-signatures",
        codes::YUM_LINT_SEVERAL,
        "sign with one key alone: pkgseal sign --key KEY repodata/repomd.xml",
    ),
    of(
        "no-key-file",
        codes::YUM_LINT_NO_KEY,
        "pkgseal sign writes it: pkgseal sign --key KEY repodata/repomd.xml",
    ),
    of(
        "zstd-metadata",
        codes::YUM_LINT_ZSTD,
        "write the metadata with gzip: pkgseal yum index --compress gz DIR",
    ),
    of(
        "weak-checksums",
        codes::YUM_LINT_CHECKSUMS,
        "write the metadata anew: pkgseal yum index DIR",
    ),
    of(
        "no-database",
        codes::YUM_LINT_NO_DATABASE,
        "write the databases too: createrepo_c --database DIR",
    ),
];

impl Scope {
    fn traits(self) -> &'static [Trait] {
        match self {
            Self::Package => PACKAGE,
            Self::Metadata => METADATA,
        }
    }

    fn find(self, name: &str) -> Option<&'static Trait> {
        self.traits().iter().find(|known| known.name == name)
    }
}

/// A trait that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    name: &'static str,
    /// What exactly, in a few words.
    detail: String,
}

impl Met {
    fn new(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            detail: detail.into(),
        }
    }
}

/// What targets make of what was met, as findings about `subject`.
fn weigh(
    scope: Scope,
    targets: &[Target],
    subject: &str,
    met: &[Met],
    examination: &mut Examination,
) {
    for target in targets {
        for one in met {
            let rule = target.rule(scope, one.name);
            if let (Some(rule), Some(known)) = (rule, scope.find(one.name)) {
                examination.report.push(
                    Finding::new(known.code, rule.weight.severity(), subject, &one.detail)
                        .because(format!("{}: {} ({})", target.name(), rule.why, rule.source))
                        .hint(known.hint),
                );
            }
        }
    }
}

/// Lints a certificate: whether readers import it, and count what it signs.
pub fn certificate(certificate: &Certificate, targets: &[Target], now: Timestamp) -> Examination {
    let subject = certificate.fingerprint().to_string();
    let mut examination = Examination::new("certificate", &subject);
    let met = certificate::traits(certificate, now);
    weigh(Scope::Package, targets, &subject, &met, &mut examination);
    examination.report.sort();
    examination
}

/// Who knows whose key is whose; nothing it says is taken for a verdict.
fn acquaintance(certificates: &Certificates, now: Timestamp) -> Verifier {
    Verifier::new(certificates.clone(), Profile::strict(), now)
}
