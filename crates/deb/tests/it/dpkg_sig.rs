//! Signatures by dpkg-sig and nfpm: judged, named, counted where the profile says so.

use pkgseal_deb::package;
use pkgseal_openpgp::{Examination, Profile, Verifier};
use pkgseal_repo::Limits;
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::deb::{self, Deb, ListForm, Member};
use pkgseal_testkit::keys::{self, Hash, RawOptions, raw_clearsign, raw_sign};

use crate::common::{accepted, codes, folder, now, rejected, write};

fn members() -> Vec<Member> {
    let package = Deb::new("hello", "1.0", "amd64");
    package
        .compressed(Compression::Gzip, Compression::Xz)
        .members()
}

fn message(key: &str, members: &[Member], form: ListForm) -> Vec<u8> {
    let text = deb::dpkg_sig_list(members, "builder", form);
    raw_clearsign(&[(&keys::load(key), RawOptions::at(keys::SIGNED))], &text)
}

fn holding(members: &[Member], name: &str, message: &[u8]) -> Vec<u8> {
    let mut bytes = deb::archive(members);
    deb::append_signature(&mut bytes, name, message);
    bytes
}

fn verify(bytes: &[u8], profile: &str, names: &[&str]) -> Examination {
    let folder = folder();
    let path = write(folder.path(), "hello.deb", bytes);
    let profile = Profile::named(profile).unwrap();
    let verifier = Verifier::new(keys::certificates(names), profile, now());
    package::verify(&path, &verifier, &Limits::default()).unwrap()
}

#[test]
fn a_good_one_alone_counts_only_in_old_archives() {
    let members = members();
    let bytes = holding(
        &members,
        "builder",
        &message("good", &members, ListForm::DpkgSig),
    );
    let examination = verify(&bytes, "strict", &["good"]);
    rejected(&examination, &["deb.dpkg-sig.collision-weak"]);
    assert!(!examination.signatures[0].report.is_accepted());
    let cause = examination.report.findings[0].cause.as_deref().unwrap();
    assert!(
        cause.contains("package.collision-weak = \"reject\""),
        "{cause}"
    );
    let examination = verify(&bytes, "legacy", &["good"]);
    accepted(&examination);
    assert_eq!(codes(&examination), ["deb.dpkg-sig.collision-weak"]);
    assert!(examination.signatures[0].report.is_accepted());
    // A stranger's is worth nothing under either.
    for profile in ["strict", "legacy"] {
        let examination = verify(&bytes, profile, &["good-rsa4096"]);
        rejected(&examination, &["signature.missing-certificate"]);
    }
}

#[test]
fn what_nfpm_writes_is_named() {
    let members = members();
    for (form, expected) in [
        (
            ListForm::Nfpm,
            &["deb.dpkg-sig.hash-line", "deb.dpkg-sig.member-name"][..],
        ),
        (
            ListForm::OldNfpm,
            &["deb.dpkg-sig.byte-array", "deb.dpkg-sig.hash-line"],
        ),
    ] {
        let bytes = holding(&members, "builder", &message("good", &members, form));
        let examination = verify(&bytes, "legacy", &["good"]);
        accepted(&examination);
        let mut expected = expected.to_vec();
        expected.push("deb.dpkg-sig.collision-weak");
        expected.sort_unstable();
        assert_eq!(codes(&examination), expected, "{form:?}");
        rejected(
            &verify(&bytes, "strict", &["good"]),
            &["deb.dpkg-sig.collision-weak"],
        );
    }
}

/// `gpg --verify` of the same file looks at no member at all.
#[test]
fn changed_members_are_found() {
    let good = members();
    let message = message("good", &good, ListForm::DpkgSig);
    for place in 1..3 {
        let mut changed = members();
        *changed[place].data.last_mut().unwrap() ^= 1;
        let bytes = holding(&changed, "builder", &message);
        for profile in ["strict", "legacy"] {
            let examination = verify(&bytes, profile, &["good"]);
            assert!(codes(&examination).contains(&"deb.dpkg-sig.mismatch"));
            assert_eq!(examination.outcome(), pkgseal_repo::Outcome::Rejected);
        }
    }
    let other = Deb::new("other", "1.0", "amd64").members();
    let bytes = holding(&other, "builder", &message);
    let examination = verify(&bytes, "legacy", &["good"]);
    rejected(&examination, &["deb.dpkg-sig.mismatch"]);
}

#[test]
fn beside_debsigs_it_counts_for_nothing_and_must_hold() {
    let members = members();
    let data = deb::signed_data(&members);
    let signature = raw_sign(
        &keys::load("good"),
        &data,
        &RawOptions::at(keys::SIGNED).binary(),
    );
    let with = |message: &[u8]| {
        let mut bytes = deb::archive(&members);
        deb::append_signature(&mut bytes, "origin", &signature);
        deb::append_signature(&mut bytes, "builder", message);
        bytes
    };
    let bytes = with(&message("good-rsa4096", &members, ListForm::DpkgSig));
    let examination = verify(&bytes, "strict", &["good", "good-rsa4096"]);
    accepted(&examination);
    assert_eq!(codes(&examination), ["deb.dpkg-sig"]);
    // Nobody else's signature is needed, and its list not read.
    let examination = verify(&bytes, "strict", &["good"]);
    accepted(&examination);
    assert_eq!(codes(&examination), ["signature.missing-certificate"]);
    // It does not help to reach a threshold.
    let folder = folder();
    let path = write(folder.path(), "hello.deb", &bytes);
    let certificates = keys::certificates(&["good", "good-rsa4096"]);
    let verifier = Verifier::new(certificates, Profile::strict().threshold(2), now());
    let examination = package::verify(&path, &verifier, &Limits::default()).unwrap();
    rejected(&examination, &["signature.threshold"]);
    // A list that a known signer vouches for must be true.
    let other = Deb::new("other", "1.0", "amd64").members();
    let bytes = with(&message("good-rsa4096", &other, ListForm::DpkgSig));
    let examination = verify(&bytes, "strict", &["good", "good-rsa4096"]);
    rejected(&examination, &["deb.dpkg-sig.mismatch"]);
    accepted(&verify(&bytes, "strict", &["good"]));
}

#[test]
fn bad_signatures_and_other_texts_are_rejected() {
    let members = members();
    let text = deb::dpkg_sig_list(&members, "builder", ListForm::DpkgSig);
    let good = message("good", &members, ListForm::DpkgSig);
    let changed = String::from_utf8(good.clone())
        .unwrap()
        .replacen("Role: b", "Role: B", 1);
    let bytes = holding(&members, "builder", changed.as_bytes());
    rejected(&verify(&bytes, "legacy", &["good"]), &["signature.bad"]);
    // Around the signed text there is nothing.
    for broken in [
        [b"-----BEGIN PGP SIGNED MESSAGE-----\n".as_slice(), &good].concat(),
        [&good[..], b"trailing\n"].concat(),
        good[..good.len() - 40].to_vec(),
    ] {
        let bytes = holding(&members, "builder", &broken);
        rejected(
            &verify(&bytes, "legacy", &["good"]),
            &["cleartext.malformed"],
        );
    }
    // Weak digests, as the program made them.
    let options = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
    let weak = raw_clearsign(&[(&keys::load("good"), options)], &text);
    let bytes = holding(&members, "builder", &weak);
    rejected(
        &verify(&bytes, "legacy", &["good"]),
        &["signature.weak-digest"],
    );
    // Signed, but no such list; and a list under another role's name.
    let hello = raw_clearsign(
        &[(&keys::load("good"), RawOptions::at(keys::SIGNED))],
        "hello\n",
    );
    for (name, message) in [("builder", &hello), ("origin", &hello), ("origin", &good)] {
        let bytes = holding(&members, name, message);
        let examination = verify(&bytes, "legacy", &["good"]);
        rejected(&examination, &["deb.dpkg-sig.malformed"]);
    }
}
