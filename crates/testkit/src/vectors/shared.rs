//! Cases every format has: the state of keys and the quality of signatures.

use super::{Case, Expect, Files};
use crate::keys::{Form, Hash, Issuer, NOW, RawOptions, SIGNED};

/// One signature to make.
pub(super) struct By {
    pub(super) key: &'static str,
    pub(super) options: RawOptions,
    /// Over other content than the rest, so that it is bad.
    pub(super) elsewhere: bool,
}

/// By this key at that time.
pub(super) fn by(key: &'static str, time: &str) -> By {
    By {
        key,
        options: RawOptions::at(time),
        elsewhere: false,
    }
}

impl By {
    pub(super) fn with(self, change: impl FnOnce(RawOptions) -> RawOptions) -> Self {
        Self {
            options: change(self.options),
            ..self
        }
    }

    fn elsewhere(self) -> Self {
        Self {
            elsewhere: true,
            ..self
        }
    }
}

/// How the strict profile treats a key's state now.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Repository metadata: the key must be alive now.
    Repository,
    /// Uploads: alive now, and signed not long ago.
    Upload,
    /// Packages and artifacts: alive when it signed is enough.
    Lasting,
}

/// What the shared cases need of a format.
pub(super) struct Format<'a> {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The code where there is no signature at all.
    pub(super) unsigned: &'static str,
    pub(super) subject: &'static str,
    /// The object with these signatures.
    pub(super) signed: &'a dyn Fn(&[By]) -> Files,
    /// The same with its content changed afterwards.
    pub(super) tampered: &'a dyn Fn(&[By]) -> Files,
}

fn rejected(code: &str) -> Expect {
    Expect::Rejected(code.into())
}

/// The shared cases of a format.
pub(super) fn cases(format: &Format<'_>) -> Vec<Case> {
    let mut cases = Vec::new();
    let now_matters = |code: &str| match format.kind {
        Kind::Repository | Kind::Upload => rejected(code),
        Kind::Lasting => Expect::Accepted,
    };
    let mut add = |name: &str,
                   expect: Expect,
                   why: &str,
                   signers: &[By],
                   trust: &[&'static str],
                   time: &'static str| {
        cases.push(
            Case::new(format.name, name, expect, why)
                .files(format.subject, (format.signed)(signers))
                .trusting(trust)
                .time(time),
        );
    };

    for (name, key) in [
        ("good", "good-ed25519"),
        ("good-rsa4096", "good-rsa4096"),
        ("good-rsa2048-warns", "good-rsa2048"),
        ("good-by-primary", "primary-signs"),
    ] {
        let why = "a live key, a strong digest, the bytes as signed";
        add(name, Expect::Accepted, why, &[by(key, SIGNED)], &[key], NOW);
    }
    let (in_2040, why) = match format.kind {
        Kind::Repository | Kind::Lasting => (Expect::Accepted, "a key without expiry stays good"),
        Kind::Upload => (rejected("upload.too-old"), "an upload does not stay good"),
    };
    add(
        "good-in-2040",
        in_2040,
        why,
        &[by("good-ed25519", SIGNED)],
        &["good-ed25519"],
        "2040-01-01",
    );

    // The key's state when it signed, and now.
    add(
        "signed-after-expiry",
        rejected("signature.key-expired-at-signing"),
        "the certificate had expired on 2025-06-01 when it signed on 2025-08-01",
        &[by("expired", "2025-08-01")],
        &["expired"],
        NOW,
    );
    add(
        "expired-now",
        now_matters("signature.key-expired"),
        "signed while the certificate was alive; it has expired since",
        &[by("expired", SIGNED)],
        &["expired"],
        NOW,
    );
    add(
        "expired-later",
        Expect::Accepted,
        "signed and judged before the certificate expires",
        &[by("expired", SIGNED)],
        &["expired"],
        "2025-04-01",
    );
    add(
        "subkey-expired-under-live-primary",
        rejected("signature.key-expired-at-signing"),
        "the signing subkey had expired, though its primary lives",
        &[by("subkey-expired", "2025-08-01")],
        &["subkey-expired"],
        NOW,
    );
    add(
        "subkey-expired-since-under-live-primary",
        now_matters("signature.key-expired"),
        "signed while the subkey was alive; it has expired since, its primary lives",
        &[by("subkey-expired", SIGNED)],
        &["subkey-expired"],
        NOW,
    );
    add(
        "revoked-hard",
        rejected("signature.key-revoked"),
        "revoked as compromised: nothing it ever signed counts",
        &[by("revoked-hard", SIGNED)],
        &["revoked-hard"],
        NOW,
    );
    add(
        "subkey-revoked-hard",
        rejected("signature.key-revoked"),
        "the subkey is revoked as compromised: nothing it ever signed counts",
        &[by("subkey-revoked-hard", SIGNED)],
        &["subkey-revoked-hard"],
        NOW,
    );
    add(
        "revoked-soft",
        now_matters("signature.key-retired"),
        "signed before the certificate was revoked as superseded",
        &[by("revoked-soft", SIGNED)],
        &["revoked-soft"],
        NOW,
    );
    add(
        "signed-after-soft-revocation",
        rejected("signature.key-retired"),
        "the certificate was revoked as superseded before it signed",
        &[by("revoked-soft", "2025-08-01")],
        &["revoked-soft"],
        NOW,
    );
    add(
        "subkey-revoked-soft",
        now_matters("signature.key-retired"),
        "signed before the subkey was revoked as superseded",
        &[by("subkey-revoked-soft", SIGNED)],
        &["subkey-revoked-soft"],
        NOW,
    );
    add(
        "older-than-its-key",
        rejected("signature.key-not-yet-valid"),
        "the signature claims to be older than the key that made it",
        &[by("young", SIGNED)],
        &["young"],
        NOW,
    );

    // What the key may do.
    add(
        "not-a-signing-key",
        rejected("signature.key-not-for-signing"),
        "signed by a primary that may only certify",
        &[by("not-signing", SIGNED)],
        &["not-signing"],
        NOW,
    );
    add(
        "authentication-subkey",
        rejected("signature.key-not-for-signing"),
        "signed by a subkey that may only authenticate",
        &[by("authentication-only", SIGNED)],
        &["authentication-only"],
        NOW,
    );
    add(
        "unbound-subkey",
        rejected("signature.key-unbound"),
        "signed by a subkey that stands in the certificate without a binding signature",
        &[by("unbound-subkey", SIGNED)],
        &["unbound-subkey"],
        NOW,
    );
    add(
        "no-back-signature",
        rejected("signature.key-unbound"),
        "the subkey never agreed to belong to this certificate",
        &[by("no-backsig", SIGNED)],
        &["no-backsig"],
        NOW,
    );
    add(
        "sha1-binding",
        rejected("signature.weak-binding"),
        "every self-signature of the certificate uses SHA-1",
        &[by("sha1-binding", SIGNED)],
        &["sha1-binding"],
        NOW,
    );
    add(
        "sha1-subkey-binding",
        rejected("signature.weak-binding"),
        "a half-mended certificate: the subkey's binding still uses SHA-1",
        &[by("sha1-subkey-binding", SIGNED)],
        &["sha1-subkey-binding"],
        NOW,
    );
    add(
        "rsa1024",
        rejected("signature.weak-key"),
        "an RSA key of 1024 bits",
        &[by("rsa1024", SIGNED)],
        &["rsa1024"],
        NOW,
    );

    // Who signed, and how many.
    add(
        "no-signature",
        rejected(format.unsigned),
        "nobody signed it",
        &[],
        &["good-ed25519"],
        NOW,
    );
    add(
        "unknown-signer",
        rejected("signature.missing-certificate"),
        "signed by somebody whose certificate is not at hand",
        &[by("stranger", SIGNED)],
        &["good-ed25519"],
        NOW,
    );
    add(
        "good-and-unknown",
        Expect::Accepted,
        "a good signature; an unknown signer beside it is listed and ignored",
        &[by("good-ed25519", SIGNED), by("stranger", SIGNED)],
        &["good-ed25519"],
        NOW,
    );
    add(
        "two-good",
        Expect::Accepted,
        "two good signatures by two certificates",
        &[by("good-ed25519", SIGNED), by("good-rsa4096", SIGNED)],
        &["good-ed25519", "good-rsa4096"],
        NOW,
    );
    add(
        "one-good-one-bad",
        rejected("signature.bad"),
        "a good signature, and one by a known certificate over other content",
        &[
            by("good-ed25519", SIGNED),
            by("good-rsa4096", SIGNED).elsewhere(),
        ],
        &["good-ed25519", "good-rsa4096"],
        NOW,
    );
    add(
        "forged-issuer",
        rejected("signature.bad"),
        "a stranger's signature that names a trusted key as its issuer",
        &[by("stranger", SIGNED).with(|o| o.issuer(Issuer::Other("good-ed25519".into())))],
        &["good-ed25519"],
        NOW,
    );
    add(
        "signature-of-other-content",
        rejected("signature.bad"),
        "a good signature by a trusted key, of another file",
        &[by("good-ed25519", SIGNED).elsewhere()],
        &["good-ed25519"],
        NOW,
    );

    // The signature itself.
    for (name, hash) in [
        ("md5-signature", Hash::Md5),
        ("sha1-signature", Hash::Sha1),
        ("sha224-signature", Hash::Sha224),
    ] {
        add(
            name,
            rejected("signature.weak-digest"),
            "the signature's digest is no longer safe",
            &[by("good-rsa4096", SIGNED).with(|o| o.hash(hash))],
            &["good-rsa4096"],
            NOW,
        );
    }
    add(
        "future-dated",
        rejected("signature.not-yet-valid"),
        "the signature says it was made four months from now",
        &[by("good-ed25519", "2026-01-01")],
        &["good-ed25519"],
        NOW,
    );
    add(
        "signature-expired",
        rejected("signature.expired"),
        "the signature itself was valid for a day",
        &[by("good-ed25519", SIGNED).with(|o| o.expires_in(86_400))],
        &["good-ed25519"],
        NOW,
    );
    add(
        "unknown-critical-notation",
        rejected("signature.unsupported"),
        "the signature carries a critical notation that nobody here knows",
        &[by("good-ed25519", SIGNED).with(|o| o.critical_notation("unknown@test.invalid", "?"))],
        &["good-ed25519"],
        NOW,
    );
    if !matches!(format.name, "inrelease" | "changes") {
        add(
            "standalone-signature",
            rejected("signature.wrong-form"),
            "a signature of type 0x02, which is over nothing",
            &[by("good-ed25519", SIGNED).with(|o| o.form(Form::Standalone))],
            &["good-ed25519"],
            NOW,
        );
    }

    cases.push(
        Case::rejected(
            format.name,
            "tampered",
            "signature.bad",
            "one byte of the content was changed after signing",
        )
        .files(
            format.subject,
            (format.tampered)(&[by("good-ed25519", SIGNED)]),
        ),
    );
    cases
}
