//! Packages held to policies: every rule, met and not met.

use std::path::{Path, PathBuf};

use pkgseal_deb::policy::{self, Policies};
use pkgseal_openpgp::{Examination, Profile};
use pkgseal_repo::Limits;
use pkgseal_testkit::build::deb::{self, Deb, Member};
use pkgseal_testkit::keys::{self, RawOptions, TestKey, raw_sign};

use crate::common::{accepted, codes, folder, reasons, rejected, write};

/// Folders of policies and keyrings, gone with their value.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = folder();
        for name in ["policies", "keyrings"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// Adds a policy under an origin's id.
    pub(crate) fn policy(&self, id: &str, file: &str, text: &str) -> PathBuf {
        write(
            self.folder.path(),
            &format!("policies/{id}/{file}"),
            text.as_bytes(),
        )
    }

    /// Adds a keyring under an origin's id.
    pub(crate) fn keyring(&self, id: &str, file: &str, names: &[&str]) -> PathBuf {
        let bytes = keys::keyring(names);
        write(self.folder.path(), &format!("keyrings/{id}/{file}"), &bytes)
    }

    pub(crate) fn policies(&self) -> Policies {
        Policies {
            policies: self.folder.path().join("policies"),
            keyrings: self.folder.path().join("keyrings"),
            only: None,
        }
    }

    pub(crate) fn package(&self, bytes: &[u8]) -> PathBuf {
        write(self.folder.path(), "hello.deb", bytes)
    }

    fn verify(&self, bytes: &[u8], only: Option<&str>) -> Examination {
        self.verify_at(bytes, only, keys::NOW)
    }

    fn verify_at(&self, bytes: &[u8], only: Option<&str>, time: &str) -> Examination {
        let policies = Policies {
            only: only.map(str::to_owned),
            ..self.policies()
        };
        let path = self.package(bytes);
        let now = keys::time(time);
        policy::verify(
            &path,
            &policies,
            &Profile::strict(),
            now,
            &Limits::default(),
        )
        .unwrap()
    }
}

/// A policy of this origin with these blocks.
pub(crate) fn text(id: &str, blocks: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n\
         <!DOCTYPE Policy SYSTEM \"https://www.debian.org/debsig/1.0/policy.dtd\">\n\
         <Policy xmlns=\"https://www.debian.org/debsig/1.0/\">\n\
         <Origin Name=\"TEST\" id=\"{id}\" Description=\"a test\"/>\n{blocks}\n</Policy>\n"
    )
}

/// A package with these roles signed by these keys at these times.
pub(crate) fn signed(members: &[(&str, &str, &str)]) -> Vec<u8> {
    let package = Deb::new("hello", "1.0", "amd64");
    let data = deb::signed_data(&package.members());
    let mut bytes = package.build();
    for (role, key, time) in members {
        let options = RawOptions::at(time).binary();
        let signature = raw_sign(&keys::load(key), &data, &options);
        deb::append_signature(&mut bytes, role, &signature);
    }
    bytes
}

fn signed_by(key: &str) -> Vec<u8> {
    signed(&[("origin", key, keys::SIGNED)])
}

fn id(key: &TestKey) -> String {
    key.signing_fingerprint()
}

/// A place with one policy for packages whose origin is `key`, and its keyring.
fn place(key: &str, blocks: &str) -> Place {
    let place = Place::new();
    let id = id(&keys::load(key));
    let blocks = blocks.replace("ID", &id);
    place.policy(&id, "test.pol", &text(&id, &blocks));
    place.keyring(&id, "test.gpg", &[key, "good-rsa4096"]);
    place
}

const ORIGIN: &str = r#"<Selection><Required Type="origin" File="test.gpg" id="ID"/></Selection>
<Verification><Required Type="origin" File="test.gpg" id="ID"/></Verification>"#;

fn verification(rules: &str) -> String {
    format!(
        "<Selection><Required Type=\"origin\" File=\"test.gpg\"/></Selection>\n\
         <Verification>{rules}</Verification>"
    )
}

#[test]
fn a_package_that_does_what_its_policy_asks_is_accepted() {
    for key in ["good", "primary-signs", "good-v6-ed25519", "good-mldsa65"] {
        let examination = place(key, ORIGIN).verify(&signed_by(key), None);
        accepted(&examination);
        assert_eq!(codes(&examination), ["deb.policy.passed"], "{key}");
        assert_eq!(examination.signatures.len(), 1);
        assert_eq!(examination.report.files, 1);
    }
}

#[test]
fn the_certificate_may_be_named_instead_of_its_subkey() {
    let place = Place::new();
    let key = keys::load("good");
    let rule = format!(
        "<Required Type=\"origin\" File=\"test.gpg\" id=\"{}\"/>",
        key.fingerprint().to_lowercase()
    );
    let blocks = format!("<Selection>{rule}</Selection><Verification>{rule}</Verification>");
    place.policy(&id(&key), "test.pol", &text(&id(&key), &blocks));
    place.keyring(&id(&key), "test.gpg", &["good"]);
    accepted(&place.verify(&signed_by("good"), None));
}

#[test]
fn without_an_origin_signature_no_policy_is_found() {
    let place = place("good", ORIGIN);
    for bytes in [
        Deb::new("hello", "1.0", "amd64").build(),
        signed(&[("maint", "good", keys::SIGNED)]),
    ] {
        rejected(&place.verify(&bytes, None), &["deb.policy.no-origin"]);
    }
    let mut garbage = Deb::new("hello", "1.0", "amd64").build();
    deb::append_signature(&mut garbage, "origin", b"garbage\n");
    rejected(&place.verify(&garbage, None), &["deb.policy.no-origin"]);
}

#[test]
fn an_unknown_origin_is_rejected() {
    let place = place("good", ORIGIN);
    let examination = place.verify(&signed_by("stranger"), None);
    rejected(&examination, &["deb.policy.unknown-origin"]);
}

/// The issuer is a hint: who claims another key as its own is found out.
#[test]
fn whoever_names_a_false_issuer_is_rejected() {
    let package = Deb::new("hello", "1.0", "amd64");
    let data = deb::signed_data(&package.members());
    let options = RawOptions::at(keys::SIGNED)
        .binary()
        .issuer(keys::Issuer::Other("good-ed25519".to_owned()));
    let signature = raw_sign(&keys::load("stranger"), &data, &options);
    let mut bytes = package.build();
    deb::append_signature(&mut bytes, "origin", &signature);
    let examination = place("good", ORIGIN).verify(&bytes, None);
    rejected(&examination, &["deb.policy.rule", "signature.bad"]);
}

#[test]
fn key_ids_and_user_ids_identify_nobody() {
    let key = keys::load("primary-signs");
    let full = key.fingerprint();
    let short = &full[24..];
    // A folder by key ID.
    let place = Place::new();
    place.policy(
        short,
        "test.pol",
        &text(short, &ORIGIN.replace("ID", short)),
    );
    place.keyring(short, "test.gpg", &["primary-signs"]);
    let bytes = signed_by("primary-signs");
    rejected(&place.verify(&bytes, None), &["deb.policy.unknown-origin"]);
    // Ids in rules, and in Origin.
    for (origin, rule, code) in [
        (full.as_str(), short, "deb.policy.key-id"),
        (&full, "primary-signs", "deb.policy.key-id"),
        (&full, &full[32..], "deb.policy.key-id"),
        (short, &full, "deb.policy.not-applicable"),
    ] {
        let place = Place::new();
        let blocks = verification(&format!(
            "<Required Type=\"origin\" File=\"test.gpg\" id=\"{rule}\"/>"
        ));
        place.policy(&full, "test.pol", &text(origin, &blocks));
        place.keyring(&full, "test.gpg", &["primary-signs"]);
        rejected(&place.verify(&bytes, None), &[code]);
    }
}

#[test]
fn required_and_rejected_roles() {
    let both = signed(&[
        ("origin", "good", keys::SIGNED),
        ("maint", "good-rsa4096", keys::SIGNED),
    ]);
    let one = signed_by("good");
    let required = verification(
        r#"<Required Type="origin" File="test.gpg"/><Required Type="maint" File="test.gpg"/>"#,
    );
    accepted(&place("good", &required).verify(&both, None));
    let examination = place("good", &required).verify(&one, None);
    rejected(&examination, &["deb.policy.rule"]);
    let findings = &examination.report.findings;
    let cause = findings.iter().find_map(|finding| finding.cause.as_deref());
    assert_eq!(
        cause,
        Some("policy test.pol: Verification 1, rule 2: Required maint")
    );
    let reject = verification(r#"<Required Type="origin" File="test.gpg"/><Reject Type="maint"/>"#);
    accepted(&place("good", &reject).verify(&one, None));
    rejected(
        &place("good", &reject).verify(&both, None),
        &["deb.policy.rule"],
    );
}

#[test]
fn optional_roles_are_counted() {
    let both = signed(&[
        ("origin", "good", keys::SIGNED),
        ("maint", "good-rsa4096", keys::SIGNED),
    ]);
    let one = signed_by("good");
    let stranger = signed(&[
        ("origin", "good", keys::SIGNED),
        ("maint", "stranger", keys::SIGNED),
    ]);
    let with =
        |minimum: u32| {
            verification(
            r#"<Required Type="origin" File="test.gpg"/><Optional Type="maint" File="test.gpg"/>"#,
        )
        .replace("<Verification>", &format!("<Verification MinOptional=\"{minimum}\">"))
        };
    accepted(&place("good", &with(0)).verify(&one, None));
    accepted(&place("good", &with(1)).verify(&both, None));
    rejected(
        &place("good", &with(1)).verify(&one, None),
        &["deb.policy.rule"],
    );
    rejected(
        &place("good", &with(2)).verify(&both, None),
        &["deb.policy.rule"],
    );
    // What is there must be good.
    rejected(
        &place("good", &with(0)).verify(&stranger, None),
        &["deb.policy.rule", "signature.missing-certificate"],
    );
}

#[test]
fn an_optional_signature_of_another_key_counts_as_absent() {
    let rsa = id(&keys::load("good-rsa4096"));
    let blocks = verification(&format!(
        r#"<Required Type="origin" File="test.gpg"/><Optional Type="maint" File="test.gpg" id="{rsa}"/>"#
    ));
    accepted(&place("good", &blocks).verify(&signed_by("good"), None));
    let other = signed(&[
        ("origin", "good", keys::SIGNED),
        ("maint", "stranger", keys::SIGNED),
    ]);
    accepted(&place("good", &blocks).verify(&other, None));
    let minimum = blocks.replace("<Verification>", "<Verification MinOptional=\"1\">");
    rejected(
        &place("good", &minimum).verify(&other, None),
        &["deb.policy.rule"],
    );
}

#[test]
fn signatures_grow_old() {
    let rule = |days: u32| {
        verification(&format!(
            "<Required Type=\"origin\" File=\"test.gpg\" Expiry=\"{days}\"/>"
        ))
    };
    let bytes = signed_by("good");
    for (days, time, good) in [
        (10, "2025-03-11T00:00:00Z", true),
        (10, "2025-03-11T00:00:01Z", false),
        (184, keys::NOW, true),
        (183, keys::NOW, false),
        (0, "2025-03-01T00:00:00Z", true),
        (0, "2025-03-02", false),
        (4_000_000_000, keys::NOW, true),
    ] {
        let examination = place("good", &rule(days)).verify_at(&bytes, None, time);
        if good {
            accepted(&examination);
        } else {
            rejected(&examination, &["deb.policy.expired"]);
        }
    }
}

#[test]
fn bad_keys_and_changed_bytes_are_rejected() {
    for (key, code) in [
        ("revoked-hard", "signature.key-revoked"),
        ("rsa1024", "signature.weak-key"),
        ("no-backsig", "signature.key-unbound"),
    ] {
        let examination = place(key, ORIGIN).verify(&signed_by(key), None);
        rejected(&examination, &["deb.policy.rule", code]);
    }
    let late = signed(&[("origin", "expired", "2025-08-01")]);
    let examination = place("expired", ORIGIN).verify(&late, None);
    rejected(
        &examination,
        &["deb.policy.rule", "signature.key-expired-at-signing"],
    );

    let mut members = Deb::new("hello", "1.0", "amd64").members();
    let data = deb::signed_data(&members);
    let options = RawOptions::at(keys::SIGNED).binary();
    let signature = raw_sign(&keys::load("good"), &data, &options);
    *members[2].data.last_mut().unwrap() ^= 1;
    members.push(Member::new("_gpgorigin", &signature));
    let examination = place("good", ORIGIN).verify(&deb::archive(&members), None);
    rejected(&examination, &["deb.policy.rule", "signature.bad"]);
}

/// gpg is content only with a member whose signatures are all good.
#[test]
fn every_signature_of_a_member_must_be_good() {
    let data = deb::signed_data(&Deb::new("hello", "1.0", "amd64").members());
    let options = RawOptions::at(keys::SIGNED).binary();
    let package = |other: &str| {
        let mut block = raw_sign(&keys::load("good"), &data, &options);
        block.extend(raw_sign(&keys::load(other), &data, &options));
        let mut bytes = Deb::new("hello", "1.0", "amd64").build();
        deb::append_signature(&mut bytes, "origin", &block);
        bytes
    };
    accepted(&place("good", ORIGIN).verify(&package("good-rsa4096"), None));
    let examination = place("good", ORIGIN).verify(&package("stranger"), None);
    rejected(&examination, &["deb.policy.rule"]);
}

#[test]
fn keyrings_must_be_there_and_binary() {
    let place = place("good", ORIGIN);
    let key = keys::load("good");
    let keyring = format!("keyrings/{}/test.gpg", id(&key));
    let bytes = signed_by("good");
    // Without id, so that the selection does not ask for it.
    place.policy(
        &id(&key),
        "test.pol",
        &text(
            &id(&key),
            &verification("<Required Type=\"origin\" File=\"test.gpg\"/>"),
        ),
    );
    accepted(&place.verify(&bytes, None));
    for content in [key.certificate(), b"", b"garbage"] {
        write(place.folder.path(), &keyring, content);
        rejected(&place.verify(&bytes, None), &["deb.policy.keyring"]);
    }
    std::fs::remove_file(place.folder.path().join(&keyring)).unwrap();
    rejected(&place.verify(&bytes, None), &["deb.policy.keyring"]);
    std::fs::create_dir(place.folder.path().join(&keyring)).unwrap();
    rejected(&place.verify(&bytes, None), &["deb.policy.keyring"]);
}

/// Which of two policies comes first is up to the file system: all that apply must pass.
#[test]
fn all_policies_that_apply_must_pass() {
    let place = place("good", ORIGIN);
    let id = id(&keys::load("good"));
    let maint = verification(r#"<Required Type="maint" File="test.gpg"/>"#);
    place.policy(&id, "other.pol", &text(&id, &maint));
    let bytes = signed_by("good");
    rejected(&place.verify(&bytes, None), &["deb.policy.rule"]);
    accepted(&place.verify(&bytes, Some("test.pol")));
    rejected(
        &place.verify(&bytes, Some("other.pol")),
        &["deb.policy.rule"],
    );
    rejected(
        &place.verify(&bytes, Some("none.pol")),
        &["deb.policy.not-applicable"],
    );
    // One that is for other packages is not asked.
    let release = ORIGIN.replace("ID", &id).replacen(
        "</Selection>",
        "<Required Type=\"release\" File=\"test.gpg\"/></Selection>",
        1,
    );
    place.policy(&id, "other.pol", &text(&id, &release));
    accepted(&place.verify(&bytes, None));
}

#[test]
fn selections_choose_by_what_is_there() {
    let id = id(&keys::load("good"));
    let chosen = |selection: &str, bytes: &[u8]| {
        let blocks = format!(
            "<Selection>{selection}</Selection>\
             <Verification><Required Type=\"origin\" File=\"test.gpg\"/></Verification>"
        );
        reasons(&place("good", &blocks).verify(bytes, None)).is_empty()
    };
    let one = signed_by("good");
    let both = signed(&[
        ("origin", "good", keys::SIGNED),
        ("maint", "good-rsa4096", keys::SIGNED),
    ]);
    let origin = r#"<Required Type="origin" File="test.gpg"/>"#;
    let maint = r#"<Required Type="maint" File="test.gpg"/>"#;
    let reject = format!("{origin}<Reject Type=\"maint\"/>");
    assert!(chosen(origin, &one));
    assert!(!chosen(maint, &one) && chosen(maint, &both));
    assert!(chosen(&reject, &one) && !chosen(&reject, &both));
    let named = format!("<Required Type=\"maint\" File=\"test.gpg\" id=\"{id}\"/>");
    assert!(!chosen(&named, &both));
    let missing = r#"<Required Type="origin" File="missing.gpg" id="ID"/>"#;
    assert!(!chosen(missing, &one));
}

/// A policy that cannot be read might be the one that asks for more.
#[test]
fn a_malformed_policy_rejects() {
    let place = place("good", ORIGIN);
    let id = id(&keys::load("good"));
    let path = place.policy(&id, "broken.pol", "<Policy>");
    let bytes = signed_by("good");
    rejected(&place.verify(&bytes, None), &["deb.policy.malformed"]);
    accepted(&place.verify(&bytes, Some("test.pol")));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    rejected(&place.verify(&bytes, None), &["deb.policy.malformed"]);
    std::fs::remove_dir(&path).unwrap();
    write(Path::new(&path).parent().unwrap(), "broken.txt", b"ignored");
    accepted(&place.verify(&bytes, None));
}

#[test]
fn no_policy_helps_a_malformed_archive() {
    let place = place("good", ORIGIN);
    let options = RawOptions::at(keys::SIGNED).binary();
    let sign = |data: &[u8]| raw_sign(&keys::load("good"), data, &options);
    for case in deb::malformed(&Deb::new("hello", "1.0", "amd64"), &sign) {
        let reasons = reasons(&place.verify(&case.bytes, None));
        assert!(!reasons.is_empty(), "{}", case.name);
    }
}
