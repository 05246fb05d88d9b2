//! Releases by themselves: signatures, form, dates.

use std::path::Path;

use pkgseal_deb::{Error, apt};
use pkgseal_openpgp::{Armor, Signer};
use pkgseal_repo::{Destination, Limits};
use pkgseal_testkit::keys::{self, RawOptions, raw_clearsign, raw_sign};

use crate::common::{
    accepted, codes, folder, reasons, rejected, repository, verifier, verifier_at, verify_release,
    write,
};

fn text() -> String {
    repository().release()
}

fn options() -> RawOptions {
    RawOptions::at(keys::SIGNED)
}

fn inrelease(text: &str) -> Vec<u8> {
    raw_clearsign(&[(&keys::load("good"), options())], text)
}

fn signature(text: &str) -> Vec<u8> {
    raw_sign(&keys::load("good"), text.as_bytes(), &options())
}

fn sign(path: &Path, names: &[&str]) -> pkgseal_deb::Result<pkgseal_openpgp::Signed> {
    let time = keys::time(keys::SIGNED);
    let signers: Vec<_> = names.iter().map(|name| keys::signer(name, time)).collect();
    apt::sign_release(
        path,
        &signers,
        time,
        &Destination::Beside,
        &Limits::default(),
    )
}

/// Verdict on a Release with this text, clearsigned well.
#[track_caller]
fn judge(text: &str, expected: &[&str]) {
    let folder = folder();
    let path = write(folder.path(), "InRelease", &inrelease(text));
    let examination = verify_release(&path, &["good"]);
    assert_eq!(
        reasons(&examination),
        expected,
        "{:#?}",
        examination.report.findings
    );
    // A detached signature covers any text, and the same rules hold.
    std::fs::remove_file(&path).unwrap();
    write(folder.path(), "Release.gpg", &signature(text));
    let path = write(folder.path(), "Release", text.as_bytes());
    let examination = verify_release(&path, &["good"]);
    assert_eq!(reasons(&examination), expected);
}

#[test]
fn signs_and_verifies() {
    let folder = folder();
    let path = write(folder.path(), "Release", text().as_bytes());
    let done = sign(&path, &["good", "good-rsa4096", "good-v6-ed25519"]).unwrap();
    accepted(&done.examination);
    let names: Vec<_> = done
        .outputs
        .iter()
        .map(|output| output.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["Release.gpg", "InRelease"]);
    for name in ["Release", "InRelease", "Release.gpg"] {
        let examination = verify_release(&folder.path().join(name), &["good-rsa4096"]);
        accepted(&examination);
        assert_eq!(examination.signatures.len(), 2);
        assert_eq!(examination.signatures[0].report.signatures.len(), 3);
    }
    // Each alone.
    std::fs::remove_file(folder.path().join("InRelease")).unwrap();
    accepted(&verify_release(&path, &["good"]));
    sign(&path, &["good"]).unwrap();
    std::fs::remove_file(folder.path().join("Release")).unwrap();
    std::fs::remove_file(folder.path().join("Release.gpg")).unwrap();
    accepted(&verify_release(&folder.path().join("InRelease"), &["good"]));
}

#[test]
fn the_same_key_and_time_give_the_same_bytes() {
    let folder = folder();
    let path = write(folder.path(), "Release", text().as_bytes());
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    for key in ["good", "good-rsa4096"] {
        sign(&path, &[key]).unwrap();
        let first = (read("InRelease"), read("Release.gpg"));
        sign(&path, &[key]).unwrap();
        assert_eq!((read("InRelease"), read("Release.gpg")), first);
    }
}

#[test]
fn into_another_folder_the_release_goes_along() {
    let (from, to) = (folder(), folder());
    let path = write(from.path(), "Release", text().as_bytes());
    let time = keys::time(keys::SIGNED);
    let done = apt::sign_release(
        &path,
        &[keys::signer("good", time)],
        time,
        &Destination::Directory(to.path().join("signed")),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(done.outputs.len(), 3);
    assert_eq!(std::fs::read_dir(from.path()).unwrap().count(), 1);
    accepted(&verify_release(
        &to.path().join("signed/Release"),
        &["good"],
    ));
}

#[test]
fn names_of_apts_own_lists_are_known() {
    let folder = folder();
    let path = write(
        folder.path(),
        "deb.example_dists_stable_InRelease",
        &inrelease(&text()),
    );
    accepted(&verify_release(&path, &["good"]));
    write(folder.path(), "InRelease", b"not a neighbour");
    accepted(&verify_release(&path, &["good"]));
}

#[test]
fn what_is_no_release_is_an_error() {
    let folder = folder();
    let limits = Limits::default();
    for name in ["Packages", "MyRelease", "InRelease", "none/InRelease"] {
        let path = folder.path().join(name);
        assert!(apt::verify_release(&path, &verifier(&[]), &limits).is_err());
    }
}

#[test]
fn both_texts_have_to_be_the_same() {
    let folder = folder();
    let other = text().replace("pkgseal TEST", "someone else");
    let path = write(folder.path(), "InRelease", &inrelease(&text()));
    write(folder.path(), "Release", other.as_bytes());
    rejected(
        &verify_release(&path, &["good"]),
        &["apt.release.texts-differ"],
    );
    // Also where both are signed well.
    write(folder.path(), "Release.gpg", &signature(&other));
    rejected(
        &verify_release(&path, &["good"]),
        &["apt.release.texts-differ"],
    );
}

#[test]
fn both_signatures_have_to_hold() {
    let folder = folder();
    let text = text();
    let path = write(folder.path(), "InRelease", &inrelease(&text));
    write(folder.path(), "Release", text.as_bytes());
    write(folder.path(), "Release.gpg", &signature("something else"));
    rejected(&verify_release(&path, &["good"]), &["signature.bad"]);
    write(folder.path(), "Release.gpg", b"");
    rejected(&verify_release(&path, &["good"]), &["signature.none"]);
    write(folder.path(), "Release.gpg", &signature(&text));
    write(
        folder.path(),
        "InRelease",
        &inrelease(&text.replace("Date", "Xate")),
    );
    rejected(
        &verify_release(&path, &["good"]),
        &["apt.release.texts-differ"],
    );
}

#[test]
fn unsigned_is_rejected() {
    let folder = folder();
    let path = write(folder.path(), "Release", text().as_bytes());
    rejected(&verify_release(&path, &["good"]), &["apt.release.unsigned"]);
    std::fs::remove_file(&path).unwrap();
    let path = write(folder.path(), "Release.gpg", &signature(&text()));
    rejected(&verify_release(&path, &["good"]), &["apt.release.unsigned"]);
    std::fs::remove_file(&path).unwrap();
    let path = write(folder.path(), "InRelease", text().as_bytes());
    rejected(&verify_release(&path, &["good"]), &["cleartext.malformed"]);
}

/// CVE-2013-1051, LP#784473, CVE-2019-3462 and their kin.
#[test]
fn text_around_the_signed_part_is_rejected() {
    let message = inrelease(&text());
    let evil = b"Origin: evil\n";
    let cat = |parts: &[&[u8]]| parts.concat();
    let body = message.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let (head, tail) = message.split_at(body + 1);
    let cases = [
        cat(&[b"\n", &message]),
        cat(&[b"\xef\xbb\xbf", &message]),
        cat(&[evil, b"\n", &message]),
        cat(&[&message, b"\n"]),
        cat(&[&message, evil]),
        cat(&[&message, &message]),
        cat(&[&message, text().as_bytes()]),
        cat(&[head, b" \n", evil, tail]),
        cat(&[head, b"\t", tail]),
        cat(&[
            head,
            b"NotDashEscaped: You need GnuPG to verify this message\n",
            tail,
        ]),
        cat(&[head, b"Comment: x\n", tail]),
    ];
    let folder = folder();
    for case in cases {
        let path = write(folder.path(), "InRelease", &case);
        rejected(&verify_release(&path, &["good"]), &["cleartext.malformed"]);
    }
}

/// CVE-2019-3462: a package in front of or behind the signature in Release.gpg.
#[test]
fn payload_around_a_detached_signature_is_rejected() {
    let text = text();
    let block = signature(&text);
    let folder = folder();
    let path = write(folder.path(), "Release", text.as_bytes());
    for case in [
        [b"!<arch>\ndebian-binary", &block[..]].concat(),
        [&block[..], b"!<arch>\ndebian-binary"].concat(),
        [&block[..], b"Origin: evil\n", &block[..]].concat(),
    ] {
        write(folder.path(), "Release.gpg", &case);
        rejected(&verify_release(&path, &["good"]), &["signature.malformed"]);
    }
    // An inline-signed message never takes a detached signature's place.
    write(folder.path(), "Release.gpg", &inrelease(&text));
    rejected(&verify_release(&path, &["good"]), &["signature.malformed"]);
}

/// apt takes armored blocks, one straight behind the other.
#[test]
fn a_detached_signature_that_apt_does_not_read_is_rejected() {
    let text = text();
    let block = signature(&text);
    let folder = folder();
    let path = write(folder.path(), "Release", text.as_bytes());
    let time = keys::time(keys::SIGNED);
    let signers = [keys::signer("good", time)];
    let binary = Signer::detached(&signers, text.as_bytes(), Armor::Binary, time).unwrap();
    for case in [
        binary,
        [b"\n", &block[..]].concat(),
        [&block[..], b"\n"].concat(),
        [&block[..], b"\n", &block[..]].concat(),
    ] {
        write(folder.path(), "Release.gpg", &case);
        let found = verify_release(&path, &["good"]);
        rejected(&found, &["apt.release.signature-form"]);
    }
    write(
        folder.path(),
        "Release.gpg",
        &[&block[..], &block[..]].concat(),
    );
    assert_eq!(reasons(&verify_release(&path, &["good"])), [""; 0]);
}

#[test]
fn a_good_text_passes() {
    judge(&text(), &[]);
    judge(&format!("{}X-Unknown: fine\n", text()), &[]);
}

#[test]
fn ambiguous_texts_are_rejected() {
    let good = text();
    let line = good.lines().find(|line| line.starts_with(' ')).unwrap();
    for (text, code) in [
        (
            format!("{good}Suite: other\n"),
            "apt.release.duplicate-field",
        ),
        (format!("{good}suite: other\n"), "apt.release.field-case"),
        (
            format!("{good}X-a: 1\nx-A: 2\n"),
            "apt.release.duplicate-field",
        ),
        (format!("{good}sha512:\n"), "apt.release.field-case"),
        (good.replace("SHA256:", "Sha256:"), "apt.release.field-case"),
        (
            format!("{good}SHA256:\n{line}\n"),
            "apt.release.duplicate-field",
        ),
        (format!("{good}{line}\n"), "apt.release.duplicate-hash"),
        (format!("{good} abc 1 path\n"), "apt.release.hash-line"),
        (format!("{good} path\n"), "apt.release.hash-line"),
        (format!("{good}{line} more\n"), "apt.release.hash-line"),
        (
            good.replace("SHA256:\n", "SHA256: x\n"),
            "apt.release.hash-line",
        ),
        (
            good.replace(line, &line.replace(" contrib", "x contrib")),
            "apt.release.hash-line",
        ),
        (format!("{good}\n"), "apt.release.malformed"),
        (
            format!("{good}\nOrigin: second paragraph\n"),
            "apt.release.malformed",
        ),
        (format!(" x\n{good}"), "apt.release.malformed"),
        (format!("{good}no field\n"), "apt.release.malformed"),
        (format!("# comment\n{good}"), "apt.release.malformed"),
    ] {
        judge(&text, &[code]);
    }
}

#[test]
fn paths_that_climb_are_rejected() {
    let good = text();
    let line = good.lines().rfind(|line| line.starts_with(' ')).unwrap();
    let path = line.rsplit(' ').next().unwrap();
    for evil in ["../x", "/etc/passwd", "a/../../b", "a//b", "a/./b", "a\\b"] {
        let text = good.replace(line, &line.replace(path, evil));
        judge(&text, &["path.unsafe"]);
    }
}

#[test]
fn contradicting_sizes_and_weak_lists_are_rejected() {
    let good = text();
    let contradiction = format!(
        "{good}SHA512:\n {} 1 main/binary-amd64/Packages\n",
        "0".repeat(128)
    );
    judge(&contradiction, &["apt.release.contradiction"]);
    let md5 = format!(
        "{}MD5Sum:\n {} 1 main/binary-amd64/Packages\n",
        good.split("SHA256").next().unwrap(),
        "0".repeat(32)
    );
    judge(&md5, &["apt.release.weak-hashes"]);
    judge(
        good.split("SHA256").next().unwrap(),
        &["apt.release.weak-hashes"],
    );
}

#[test]
fn a_release_that_lists_itself_is_warned_about() {
    let text = format!("{} {} 0 Release\n", text(), "0".repeat(64));
    let folder = folder();
    let path = write(folder.path(), "InRelease", &inrelease(&text));
    let examination = verify_release(&path, &["good"]);
    accepted(&examination);
    assert_eq!(codes(&examination), ["apt.release.lists-itself"]);
}

#[test]
fn dates_that_clients_cannot_read_are_rejected() {
    let good = text();
    let date = good.lines().find(|line| line.starts_with("Date")).unwrap();
    for wrong in [
        "X-Date: none",
        "Date:",
        "Date: 2025-03-01",
        "Date: Sat, 01 Mar 2025 00:00:00 +0100",
    ] {
        judge(&good.replace(date, wrong), &["apt.release.date"]);
    }
    judge(
        &format!("{good}Valid-Until: tomorrow\n"),
        &["apt.release.date"],
    );
}

#[test]
fn freshness_is_judged_to_the_second() {
    let text = repository()
        .valid_until("Sat, 08 Mar 2025 00:00:00 UTC")
        .release();
    let folder = folder();
    let path = write(folder.path(), "InRelease", &inrelease(&text));
    let at = |time: &str| {
        let verifier = verifier_at(&["good"], time);
        let examination = apt::verify_release(&path, &verifier, &Limits::default()).unwrap();
        reasons(&examination)
    };
    assert_eq!(at("2025-03-08T00:00:00Z"), [""; 0]);
    assert_eq!(at("2025-03-08T00:00:01Z"), ["apt.release.expired"]);
    assert_eq!(at("2025-03-01T00:00:00Z"), [""; 0]);
    // The signature is as young as the Release: both say so.
    assert!(!at("2025-02-28T23:59:49Z").is_empty());
}

#[test]
fn a_date_ahead_is_rejected_beyond_ten_seconds() {
    let text = text().replace("01 Mar 2025 00:00:00", "01 Mar 2025 00:00:10");
    let folder = folder();
    let path = write(folder.path(), "InRelease", &inrelease(&text));
    let at = |time: &str| {
        let verifier = verifier_at(&["good"], time);
        let examination = apt::verify_release(&path, &verifier, &Limits::default()).unwrap();
        reasons(&examination)
    };
    assert_eq!(at("2025-03-01T00:00:00Z"), [""; 0]);
    let text = text.replace("00:00:10", "00:00:11");
    write(folder.path(), "InRelease", &inrelease(&text));
    assert_eq!(at("2025-03-01T00:00:00Z"), ["apt.release.not-yet-valid"]);
}

#[test]
fn what_clients_would_reject_is_not_signed() {
    let good = text();
    let folder = folder();
    for (text, code) in [
        (
            format!("{good}Suite: other\n"),
            "apt.release.duplicate-field",
        ),
        (format!("{good}\n"), "apt.release.malformed"),
        (
            good.replace("01 Mar", "02 Mar"),
            "apt.release.not-yet-valid",
        ),
        (
            format!("{good}Valid-Until: Fri, 28 Feb 2025 00:00:00 UTC\n"),
            "apt.release.expired",
        ),
        (
            good.split("SHA256").next().unwrap().to_owned(),
            "apt.release.weak-hashes",
        ),
        (good.replace("Date:", "X-Date:"), "apt.release.date"),
    ] {
        let path = write(folder.path(), "Release", text.as_bytes());
        let error = sign(&path, &["good"]).unwrap_err();
        let Error::Refused { findings, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(findings[0].code.id, code);
        assert!(error.to_string().contains(code), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    for unsignable in ["X: trailing \n", "X: form\u{c}feed\n", "X: \u{7}\n"] {
        let path = write(
            folder.path(),
            "Release",
            format!("{good}{unsignable}").as_bytes(),
        );
        sign(&path, &["good"]).unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_release_beyond_the_cap_is_rejected() {
    let folder = folder();
    let path = write(folder.path(), "InRelease", &inrelease(&text()));
    let limits = Limits {
        release: 100,
        ..Limits::default()
    };
    let examination = apt::verify_release(&path, &verifier(&["good"]), &limits).unwrap();
    rejected(&examination, &["limit.exceeded"]);
}
