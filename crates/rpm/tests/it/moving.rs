//! Signing by moving headers: what comes back is put in where it belongs, and nowhere else.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{Destination, Outcome, Severity};
use pkgseal_rpm::Error;
use pkgseal_rpm::package::header_blob::{
    self, Offer, PlanWriter, SignatureList, is_signature_list,
};
use pkgseal_rpm::package::{self, Existing, SignOptions, Tags};
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, signature_header, tag};
use pkgseal_testkit::keys::{self, Form, RawOptions, armor, raw_sign};
use pkgseal_testkit::peers::{gnupg, rpm as peer};

use crate::common::{assert_accepted, codes, limits, rejections, signed, trusting};
use crate::signing::Fixture;

fn hello(format: Format) -> Fixture {
    Fixture::new(&Rpm::new("hello", "1.0", "noarch", format).reserve(Some(4096)))
}

fn other() -> Fixture {
    Fixture::new(&Rpm::new("other", "2.0", "noarch", Format::V4).reserve(Some(4096)))
}

fn header(fixture: &Fixture) -> Vec<u8> {
    let (bytes, examination) = header_blob::main_header(&fixture.path).unwrap();
    assert_accepted(&examination);
    bytes.unwrap()
}

fn by(key: &str, header: &[u8]) -> Vec<u8> {
    let options = RawOptions::at(keys::SIGNED).binary();
    raw_sign(&keys::load(key), header, &options)
}

/// Applies and commits what is accepted.
fn apply(fixture: &Fixture, offer: Offer<'_>, trusted: &[&str]) -> Examination {
    apply_with(fixture, offer, trusted, &SignOptions::default()).unwrap()
}

fn apply_with(
    fixture: &Fixture,
    offer: Offer<'_>,
    trusted: &[&str],
    options: &SignOptions,
) -> pkgseal_rpm::Result<Examination> {
    let before = fixture.bytes();
    let (staged, examination) = header_blob::apply(
        &fixture.path,
        offer,
        &trusting(trusted),
        options,
        &Destination::Beside,
        &limits(),
    )?;
    assert_eq!(
        staged.is_some(),
        examination.outcome() == Outcome::Accepted,
        "{:#?}",
        examination.report.findings
    );
    assert!(fixture.bytes() == before, "nothing is visible yet");
    if let Some(staged) = staged {
        staged.commit().unwrap();
    }
    assert_eq!(fixture.files().len(), 1, "{:?}", fixture.files());
    Ok(examination)
}

#[track_caller]
fn refused(fixture: &Fixture, offer: Offer<'_>, trusted: &[&str], code: &str) {
    let before = fixture.bytes();
    let found = apply(fixture, offer, trusted);
    let found = rejections(&found);
    assert!(found.contains(&code), "{found:?}, not {code}");
    assert!(fixture.bytes() == before);
}

fn plan_of(packages: &[&Path]) -> Vec<u8> {
    let mut plan = PlanWriter::new(Vec::new()).unwrap();
    for path in packages {
        let (bytes, examination) = header_blob::main_header(path).unwrap();
        assert_accepted(&examination);
        plan.add(path, &bytes.unwrap()).unwrap();
    }
    plan.finish().unwrap()
}

/// Signs a plan offline: a folder with nothing but the plan.
fn sign_plan(plan: &[u8], names: &[&str]) -> pkgseal_rpm::Result<(Signed, Option<Vec<u8>>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan");
    fs::write(&path, plan).unwrap();
    let signers: Vec<_> = names.iter().map(|n| keys::signer(n, signed())).collect();
    let done = header_blob::sign_plan(&path, &signers, signed(), &Destination::Beside, &limits())?;
    let list = folder.path().join("plan.signatures");
    assert_eq!(done.outputs.is_empty(), !list.exists());
    let found = crate::signing::names_in(folder.path());
    assert_eq!(found.len(), 1 + done.outputs.len(), "litter: {found:?}");
    Ok((done, list.exists().then(|| fs::read(list).unwrap())))
}

fn list(bytes: &[u8]) -> SignatureList {
    assert!(is_signature_list(bytes));
    SignatureList::read(bytes, &limits()).unwrap().unwrap()
}

#[test]
fn what_is_taken_out_is_what_signatures_cover() {
    for format in [Format::V4, Format::V6] {
        let fixture = hello(format);
        assert!(header(&fixture) == Parts::read(&fixture.unsigned).header);
        let (_, examination) = header_blob::main_header(&fixture.path).unwrap();
        let details: Vec<_> = examination.details.iter().map(|d| d.name).collect();
        assert_eq!(details, ["package", "header-sha256"]);
        assert_eq!(examination.details[0].value, "hello-1.0-1.noarch");
    }
}

/// The whole road by gpg alone, armored and binary, up to rpm's verdict.
#[test]
fn gpg_signs_the_header_and_rpm_accepts_the_package() {
    for key in ["good-rsa4096", "good-ed25519"] {
        let test_key = keys::load(key);
        let Some(home) = gnupg::Home::new(&[&test_key]) else {
            return;
        };
        let fixture = hello(Format::V4);
        let header = header(&fixture);
        let armored = home.detach_sign(&[&test_key], &header, signed());
        let mut gpg = home.command();
        gpg.args(["--faked-system-time", "20250301T000000!"])
            .args(["--local-user", &test_key.fingerprint()])
            .args(["--status-fd", "2", "--detach-sign"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = gpg.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&header).unwrap();
        let binary = child.wait_with_output().unwrap().stdout;
        assert!(binary[0] & 0x80 != 0, "binary");
        for signature in [&armored, &binary] {
            let fixture = hello(Format::V4);
            assert_accepted(&apply(&fixture, Offer::File(signature), &[key]));
            let parts = fixture.parts();
            let entry = parts.get(tag::RSA).or(parts.get(tag::DSA)).unwrap();
            let packet = pkgseal_openpgp::SignatureBlock::split(signature).unwrap();
            assert!(entry.data == packet[0], "gpg's own bytes");
            let found = package::verify(&fixture.path, &trusting(&[key]), &limits()).unwrap();
            assert_accepted(&found);
            if let Some(run) = peer::check(&fixture.path, &[&test_key]) {
                run.expect_ok();
            }
        }
    }
}

/// Through a plan the package becomes what signing in place makes of it, bit for bit.
#[test]
fn a_plan_signed_elsewhere_gives_the_bytes_of_signing_here() {
    for (format, names) in [
        (Format::V4, &["good-ed25519"][..]),
        (Format::V4, &["good-rsa2048"]),
        (Format::V6, &["good-ed25519", "good-rsa2048"]),
    ] {
        let (here, there) = (hello(format), hello(format));
        here.sign(names).unwrap();
        let plan = plan_of(&[&there.path]);
        let (done, signatures) = sign_plan(&plan, names).unwrap();
        assert_accepted(&done.examination);
        let list = list(&signatures.unwrap());
        assert_eq!(list.len(), 1);
        assert_accepted(&apply(&there, Offer::List(&list), names));
        assert!(here.bytes() == there.bytes(), "{format:?} {names:?}");
    }
}

#[test]
fn a_list_serves_many_packages_and_no_other() {
    let (one, two, stranger) = (hello(Format::V4), hello(Format::V6), other());
    let plan = plan_of(&[&one.path, &two.path]);
    let (done, signatures) = sign_plan(&plan, &["good-ed25519"]).unwrap();
    assert_eq!(done.examination.report.files, 2);
    let named: Vec<_> = done.examination.details.iter().map(|d| &d.value).collect();
    assert!(
        named
            .iter()
            .all(|line| line.ends_with(" hello-1.0-1.noarch"))
    );
    let list = list(&signatures.unwrap());
    assert_eq!(list.len(), 2);
    for fixture in [&one, &two] {
        assert_accepted(&apply(fixture, Offer::List(&list), &["good-ed25519"]));
        let found = package::verify(&fixture.path, &trusting(&["good"]), &limits()).unwrap();
        assert_accepted(&found);
    }
    let offer = Offer::List(&list);
    refused(
        &stranger,
        offer,
        &["good-ed25519"],
        "rpm.apply.no-signature",
    );
}

/// The same package in two folders, or under two names: one header, one signature.
#[test]
fn a_package_that_is_planned_twice_is_signed_once() {
    let (one, two) = (hello(Format::V4), hello(Format::V4));
    let renamed = two.path.with_file_name("renamed.rpm");
    fs::rename(&two.path, &renamed).unwrap();
    let plan = plan_of(&[&one.path, &one.path, &renamed]);
    let (done, signatures) = sign_plan(&plan, &["good-ed25519"]).unwrap();
    assert_eq!(done.examination.report.files, 1);
    let list = list(&signatures.unwrap());
    fs::rename(&renamed, &two.path).unwrap();
    for fixture in [&one, &two] {
        assert_accepted(&apply(fixture, Offer::List(&list), &["good-ed25519"]));
    }
}

#[test]
fn post_quantum_signatures_come_back_too() {
    let (here, there) = (Fixture::v6(), Fixture::v6());
    let (_, signatures) = sign_plan(&plan_of(&[&there.path]), &["good-mldsa65"]).unwrap();
    let list = list(&signatures.unwrap());
    assert_accepted(&apply(&there, Offer::List(&list), &["good-mldsa65"]));
    here.sign(&["good-mldsa65"]).unwrap();
    assert_eq!(here.bytes().len(), there.bytes().len());
}

#[test]
fn a_signature_on_another_header_is_refused() {
    let fixture = hello(Format::V4);
    let foreign = by("good-ed25519", &header(&other()));
    for signature in [foreign.clone(), armor(&foreign)] {
        let offer = Offer::File(&signature);
        refused(
            &fixture,
            offer,
            &["good-ed25519"],
            "rpm.apply.another-header",
        );
        // Without the certificate the digest's first bytes tell already.
        refused(
            &fixture,
            offer,
            &["good-rsa2048"],
            "rpm.apply.another-header",
        );
    }
}

#[test]
fn a_signature_nobody_trusted_made_is_refused() {
    let fixture = hello(Format::V4);
    let header = header(&fixture);
    for (key, trusted, code) in [
        ("stranger", "good-ed25519", "signature.missing-certificate"),
        ("rsa1024", "rsa1024", "signature.weak-key"),
        ("revoked-hard", "revoked-hard", "signature.key-revoked"),
        (
            "not-signing",
            "not-signing",
            "signature.key-not-for-signing",
        ),
        ("no-backsig", "no-backsig", "signature.key-unbound"),
    ] {
        refused(&fixture, Offer::File(&by(key, &header)), &[trusted], code);
    }
    // One good signature does not carry a bad one in.
    let both = [by("good-ed25519", &header), by("stranger", &header)].concat();
    let code = "signature.missing-certificate";
    refused(&fixture, Offer::File(&both), &["good-ed25519"], code);
}

#[test]
fn a_signature_of_another_form_is_refused() {
    let fixture = hello(Format::V4);
    let options = RawOptions::at(keys::SIGNED).form(Form::Text);
    let text = raw_sign(&keys::load("good"), &header(&fixture), &options);
    let found = apply(&fixture, Offer::File(&text), &["good"]);
    assert_eq!(found.outcome(), Outcome::Rejected);
}

#[test]
fn what_is_no_signature_is_refused() {
    let fixture = hello(Format::V4);
    let good = by("good-ed25519", &header(&fixture));
    let mut longer = good.clone();
    longer.push(0);
    let certificate = keys::load("good").certificate().to_vec();
    for (bytes, code) in [
        (&b""[..], "signature.none"),
        (b"hello", "signature.malformed"),
        (&good[..good.len() - 1], "signature.malformed"),
        (&longer, "signature.malformed"),
        (&certificate, "signature.malformed"),
        (b"\x8e\xad\xe8\x01", "signature.malformed"),
    ] {
        refused(&fixture, Offer::File(bytes), &["good-ed25519"], code);
    }
}

/// The header binds the payload: who has exchanged it meanwhile gets no signature in.
#[test]
fn a_payload_that_changed_since_is_refused() {
    let fixture = hello(Format::V4);
    let signature = by("good-ed25519", &header(&fixture));
    let mut changed = fixture.unsigned.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fs::write(&fixture.path, &changed).unwrap();
    let code = "rpm.payload.digest-mismatch";
    refused(&fixture, Offer::File(&signature), &["good"], code);
    // And no header is handed out for it.
    let (bytes, examination) = header_blob::main_header(&fixture.path).unwrap();
    assert!(bytes.is_none());
    assert!(rejections(&examination).contains(&code));
    let (bytes, _) = header_blob::signature_header(&fixture.path).unwrap();
    assert!(bytes.is_none());
}

/// A main header without PAYLOADSHA256: its tag is renumbered to its unused neighbour.
fn without_payload_digest(package: &[u8]) -> Vec<u8> {
    let mut parts = Parts::read(package)
        .without(tag::MD5)
        .without(tag::SHA1)
        .without(tag::SHA256);
    let entry = parts
        .header
        .chunks_exact(4)
        .position(|word| word == 5092_u32.to_be_bytes())
        .unwrap();
    parts.header[4 * entry..4 * entry + 4].copy_from_slice(&5091_u32.to_be_bytes());
    parts.build()
}

#[test]
fn a_header_that_binds_no_payload_is_neither_handed_out_nor_signed() {
    let fixture = hello(Format::V4);
    let package = without_payload_digest(&fixture.unsigned);
    fs::write(&fixture.path, &package).unwrap();
    let (bytes, examination) = header_blob::main_header(&fixture.path).unwrap();
    assert!(bytes.is_none());
    assert_eq!(rejections(&examination), ["rpm.payload-unsigned"]);
    let header = Parts::read(&package).header;
    let signature = by("good", &header);
    refused(
        &fixture,
        Offer::File(&signature),
        &["good"],
        "rpm.payload-unsigned",
    );
    // A plan that was written by somebody else.
    let mut plan = PlanWriter::new(Vec::new()).unwrap();
    plan.add(&fixture.path, &header).unwrap();
    let (done, _) = sign_plan(&plan.finish().unwrap(), &["good"]).unwrap();
    assert_eq!(rejections(&done.examination), ["rpm.payload-unsigned"]);
}

#[test]
fn slots_are_those_of_signing_in_place() {
    let fixture = hello(Format::V4);
    fixture.sign(&["good-ed25519"]).unwrap();
    let signature = by("good-rsa2048", &header(&fixture));
    let keep = SignOptions::default();
    let error = apply_with(&fixture, Offer::File(&signature), &["good-rsa2048"], &keep);
    assert!(matches!(error, Err(Error::SlotTaken { .. })), "{error:?}");
    let replace = SignOptions {
        existing: Existing::Replace,
        ..keep
    };
    let found = apply_with(
        &fixture,
        Offer::File(&signature),
        &["good-rsa2048"],
        &replace,
    );
    assert_accepted(&found.unwrap());
    let parts = fixture.parts();
    assert!(parts.get(tag::DSA).is_none() && parts.get(tag::RSA).is_some());

    let fixture = hello(Format::V4);
    let signature = by("good-v6-ed25519", &header(&fixture));
    let error = apply_with(
        &fixture,
        Offer::File(&signature),
        &["good-v6-ed25519"],
        &keep,
    );
    assert!(matches!(error, Err(Error::NoSlot { .. })), "{error:?}");
    let both = SignOptions {
        tags: Tags::Both,
        ..keep
    };
    let offer = Offer::File(&signature);
    assert_accepted(&apply_with(&fixture, offer, &["good-v6-ed25519"], &both).unwrap());
    assert!(fixture.parts().get(tag::OPENPGP).is_some());
}

#[test]
fn into_a_directory_the_input_stays() {
    let fixture = hello(Format::V4);
    let signature = by("good", &header(&fixture));
    let output = tempfile::tempdir().unwrap();
    let (staged, examination) = header_blob::apply(
        &fixture.path,
        Offer::File(&signature),
        &trusting(&["good"]),
        &SignOptions::default(),
        &Destination::Directory(output.path().join("new")),
        &limits(),
    )
    .unwrap();
    assert_accepted(&examination);
    staged.unwrap().commit().unwrap();
    assert!(fixture.bytes() == fixture.unsigned);
    let written = output.path().join("new/hello-1.0-1.noarch.rpm");
    let found = package::verify(&written, &trusting(&["good"]), &limits()).unwrap();
    assert_accepted(&found);
}

// Plans.

/// Every hostile plan is refused as a whole, with its code.
#[test]
fn broken_plans_are_not_signed() {
    let (one, two) = (hello(Format::V4), other());
    let plan = plan_of(&[&one.path, &two.path]);
    let text = String::from_utf8_lossy(&plan).into_owned();
    let first = plan.iter().position(|&b| b == b'\n').unwrap() + 1;
    let line_end = first + plan[first..].iter().position(|&b| b == b'\n').unwrap();
    let line = &text[first..line_end];
    let edit = |from: &str, to: &str| {
        let at = plan
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .unwrap_or_else(|| panic!("{from}"));
        [&plan[..at], to.as_bytes(), &plan[at + from.len()..]].concat()
    };
    let [digest, length, name] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{line}");
    };
    let longer = |more: &str| [&plan[..], more.as_bytes()].concat();
    let malformed = "rpm.plan.malformed";
    for (bytes, code) in [
        (Vec::new(), malformed),
        (edit("headers 1", "headers 2"), malformed),
        (edit("end 2\n", "end 1\n"), malformed),
        (edit("end 2\n", "end 02\n"), malformed),
        (edit("end 2\n", ""), malformed),
        (edit("end 2\n", "end 2"), malformed),
        (longer("x"), malformed),
        (longer("\n"), malformed),
        (edit(line, "hello"), malformed),
        (edit(line, ""), malformed),
        (edit(digest, &digest.to_uppercase()), malformed),
        (edit(digest, &digest[1..]), malformed),
        (edit(digest, &"0".repeat(64)), "rpm.plan.digest-mismatch"),
        (edit(&format!(" {length} "), " 0 "), malformed),
        (edit(&format!(" {length} "), " 15 "), malformed),
        (edit(&format!(" {length} "), " -1 "), malformed),
        (
            edit(&format!(" {length} "), &format!(" 0{length} ")),
            malformed,
        ),
        (edit(&format!(" {length} "), " 4294967295 "), malformed),
        (
            edit(&format!(" {length} "), " 99999999999999999999 "),
            malformed,
        ),
        (edit(name, "../evil.rpm"), malformed),
        (edit(name, "."), malformed),
        (edit(name, "a\u{1b}[2Jb"), malformed),
        (edit(name, "a\rb"), malformed),
        (edit(name, &"x".repeat(256)), malformed),
    ] {
        let (done, _) = sign_plan(&bytes, &["good"]).unwrap();
        let found = rejections(&done.examination);
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(160)]).into_owned();
        assert_eq!(found, [code], "{head}");
    }
    assert!(matches!(
        sign_plan(&plan, &[]),
        Err(Error::SignerCount { .. })
    ));
}

/// What a header in a plan may not be, though its digest is right.
#[test]
fn broken_headers_in_a_plan_are_not_signed() {
    let good = Parts::read(&hello(Format::V4).unsigned).header;
    let write = |at: usize, value: u32| {
        let mut header = good.clone();
        header[at..at + 4].copy_from_slice(&value.to_be_bytes());
        header
    };
    let entry = |number: usize| 16 + 16 * number;
    let word = |at: usize| u32::from_be_bytes(good[at..at + 4].try_into().unwrap());
    for (header, code) in [
        (write(0, 0), "rpm.plan.malformed"),
        (write(8, 0x1000_0001), "rpm.plan.malformed"),
        (write(12, 0xffff_fff0), "rpm.plan.malformed"),
        (write(8, word(8) - 1), "rpm.plan.malformed"),
        (write(entry(0), 62), "rpm.header.region"),
        (write(entry(1) + 8, 0x7fff_ffff), "rpm.header.malformed"),
        (write(entry(1) + 4, 77), "rpm.header.malformed"),
        (write(entry(2), word(entry(1))), "rpm.header.duplicate-tag"),
        (write(entry(1), 268), "rpm.header.signature-tag"),
    ] {
        let mut plan = PlanWriter::new(Vec::new()).unwrap();
        plan.add(Path::new("hello.rpm"), &header).unwrap();
        let (done, _) = sign_plan(&plan.finish().unwrap(), &["good"]).unwrap();
        assert_eq!(rejections(&done.examination), [code]);
    }
}

#[test]
fn every_flipped_byte_of_a_plan_is_noticed_but_in_names() {
    let fixture = hello(Format::V4);
    let plan = plan_of(&[&fixture.path]);
    let name = b"hello-1.0-1.noarch.rpm";
    let at = plan.windows(name.len()).position(|w| w == name).unwrap();
    for position in (0..plan.len()).step_by(7).chain(0..at + name.len() + 20) {
        let mut flipped = plan.clone();
        flipped[position] ^= 0x04;
        let (done, _) = sign_plan(&flipped, &["good"]).unwrap();
        let noticed = done.examination.outcome() == Outcome::Rejected;
        let in_name = (at..at + name.len()).contains(&position);
        assert!(noticed || in_name, "byte {position}");
    }
    for length in (0..plan.len()).step_by(31) {
        let (done, _) = sign_plan(&plan[..length], &["good"]).unwrap();
        assert_eq!(done.examination.outcome(), Outcome::Rejected, "{length}");
    }
}

#[test]
fn names_that_a_plan_cannot_hold_are_refused() {
    let mut plan = PlanWriter::new(Vec::new()).unwrap();
    for name in ["a\nb.rpm", "a\u{7f}.rpm", "..", "/"] {
        assert!(plan.add(Path::new(name), b"header").is_err(), "{name:?}");
    }
}

// Lists of signatures.

#[test]
fn broken_lists_are_refused() {
    let fixture = hello(Format::V4);
    let plan = plan_of(&[&fixture.path]);
    let (_, bytes) = sign_plan(&plan, &["good-ed25519", "good-rsa2048"]).unwrap();
    let text = String::from_utf8(bytes.unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (first, entry, second) = (lines[0], lines[1], lines[2]);
    let fields: Vec<&str> = entry.splitn(3, ' ').collect();
    let whole = |entries: &[&str], end: &str| format!("{first}\n{}\n{end}", entries.join("\n"));
    let with = |digest: &str, packet: &str, name: &str| {
        whole(&[&format!("{digest} {packet} {name}")], "end 1\n")
    };
    let key = pkgseal_testkit::build::rpm::base64(&keys::load("good").certificate_binary());
    for bytes in [
        String::new(),
        whole(&[entry], "end 2\n"),
        whole(&[entry], "end 1"),
        whole(&[entry], "end 1\nmore\n"),
        whole(&[entry, entry], "end 2\n"),
        whole(&[entry, &second.replace(fields[2], "x.rpm")], "end 2\n"),
        whole(&["hello"], "end 1\n"),
        with(fields[0], "!!!!", fields[2]),
        with(fields[0], "", fields[2]),
        with(fields[0], &key, fields[2]),
        with(&fields[0][1..], fields[1], fields[2]),
        with(fields[0], fields[1], "a/b"),
        with(fields[0], fields[1], "a\u{9b}b"),
        text.replace("signatures 1", "signatures 9"),
        format!("{first}\n{}", "x".repeat(4 << 20)),
    ] {
        let found = SignatureList::read(bytes.as_bytes(), &limits()).unwrap();
        let code = found.map_err(|finding| finding.code.id);
        let head: String = bytes.chars().take(120).collect();
        assert_eq!(code, Err("rpm.signature-list.malformed"), "{head}");
    }
    assert!(!is_signature_list(b"pkgseal-rpm-headers 1\n"));
    assert!(!is_signature_list(b"pkgseal-rpm-signatures 12\n"));
}

#[test]
fn every_flipped_byte_of_a_list_changes_the_verdict() {
    let fixture = hello(Format::V4);
    let (_, bytes) = sign_plan(&plan_of(&[&fixture.path]), &["good-ed25519"]).unwrap();
    let bytes = bytes.unwrap();
    let name = b" hello-1.0-1.noarch.rpm";
    let name = bytes.windows(name.len()).position(|w| w == name).unwrap();
    for position in 0..name {
        let mut flipped = bytes.clone();
        flipped[position] ^= 0x01;
        let Ok(list) = SignatureList::read(&flipped[..], &limits()).unwrap() else {
            continue;
        };
        let found = header_blob::apply(
            &fixture.path,
            Offer::List(&list),
            &trusting(&["good"]),
            &SignOptions::default(),
            &Destination::Beside,
            &limits(),
        )
        .unwrap();
        // Hints of the unhashed area are not covered; everything else is.
        let harmless = found.0.is_some();
        if harmless {
            let same = |f: &pkgseal_openpgp::SignatureFacts| f.certificate.is_some();
            assert!(found.1.signatures[0].report.signatures.iter().all(same));
        }
        let in_packet = position > bytes.iter().position(|&b| b == b'\n').unwrap() + 65;
        assert!(!harmless || in_packet, "byte {position}");
    }
}

// Signature headers, as koji keeps them.

fn signature_blob(fixture: &Fixture) -> Vec<u8> {
    let (bytes, examination) = header_blob::signature_header(&fixture.path).unwrap();
    assert_accepted(&examination);
    bytes.unwrap()
}

#[test]
fn signature_headers_are_taken_out_and_put_in_as_koji_does() {
    for (format, key) in [
        (Format::V4, "good-rsa2048"),
        (Format::V4, "good-ed25519"),
        (Format::V6, "good-v6-ed25519"),
    ] {
        let (signed, plain) = (hello(format), hello(format));
        signed.sign(&[key]).unwrap();
        let whole = signed.bytes();
        let blob = signature_blob(&signed);
        // file[96..hdr@), padding and all.
        assert!(blob == whole[96..96 + blob.len()]);
        assert!(blob.len().is_multiple_of(8));
        assert!(whole[96 + blob.len()..].starts_with(&signed.parts().header));
        assert_accepted(&apply(&plain, Offer::File(&blob), &[key]));
        assert!(plain.bytes() == whole, "{key} {format:?}");
        // Another key's takes its place, and moves the rest if need be.
        let grown = hello(format);
        grown.sign(&["good-rsa4096"]).unwrap();
        assert_accepted(&apply(&grown, Offer::File(&blob), &[key]));
        assert!(grown.bytes() == whole);
    }
}

/// With the MD5 that rpmbuild writes and koji knows packages by.
fn with_md5(mut fixture: Fixture) -> Fixture {
    use pkgseal_repo::{DigestAlgorithm, MultiHasher};
    let parts = Parts::read(&fixture.unsigned);
    let mut hasher = MultiHasher::new([DigestAlgorithm::Md5]);
    hasher.update(&parts.header_and_payload());
    let digests = hasher.finish();
    let md5 = digests.get(DigestAlgorithm::Md5).unwrap();
    let unsigned = parts.with(Tag::binary(tag::MD5, md5)).build();
    fs::write(&fixture.path, &unsigned).unwrap();
    fixture.unsigned = unsigned;
    fixture
}

#[test]
fn foreign_and_broken_signature_headers_are_refused() {
    let fixture = with_md5(hello(Format::V4));
    let signed = with_md5(hello(Format::V4));
    signed.sign(&["good-ed25519"]).unwrap();
    let good = signature_blob(&signed);
    let parts = signed.parts();
    let trusted = &["good-ed25519"];
    let stranger = with_md5(other());
    stranger.sign(trusted).unwrap();
    let foreign = signature_blob(&stranger);
    let md5 = stranger.parts().get(tag::MD5).unwrap().clone();
    let padded = |tags: &[Tag]| {
        let mut blob = signature_header(tags);
        blob.resize(blob.len().next_multiple_of(8), 0);
        blob
    };
    let with = |entry: Tag| padded(&parts.clone().with(entry).signature);
    let write = |at: usize, value: u32| {
        let mut blob = good.clone();
        blob[at..at + 4].copy_from_slice(&value.to_be_bytes());
        blob
    };
    let mut dirty = good.clone();
    let in_reserve = dirty.len() - 40;
    dirty[in_reserve] = 1;
    let mut unpadded_garbage = good.clone();
    unpadded_garbage.extend([0; 8]);
    let mut trailing = good.clone();
    trailing.push(b'x');
    let unsigned = signature_blob(&fixture);
    let twice = [good.clone(), good.clone()].concat();
    for (blob, code) in [
        (foreign, "rpm.apply.another-package"),
        (with(md5), "rpm.apply.another-package"),
        (
            padded(&parts.clone().without(tag::MD5).signature),
            "rpm.apply.another-package",
        ),
        (
            with(Tag::string(tag::SHA256, &"0".repeat(64))),
            "rpm.apply.another-package",
        ),
        (unsigned, "rpm.unsigned"),
        (good[..good.len() / 2].to_vec(), "rpm.truncated"),
        (good[..12].to_vec(), "rpm.truncated"),
        (write(8, 0x1000_0001), "rpm.header.malformed"),
        (write(12, 0xffff_fff0), "rpm.header.malformed"),
        (write(8, 0), "rpm.header.malformed"),
        (write(16, 63), "rpm.header.region"),
        (write(40, 0x7fff_ffff), "rpm.header.malformed"),
        (unpadded_garbage, "rpm.signature-header.padding"),
        (trailing, "rpm.signature-header.padding"),
        (twice, "rpm.signature-header.padding"),
        (dirty, "rpm.signature-header.reserve"),
        (
            with(Tag::binary(300, b"x")),
            "rpm.signature-header.unknown-tag",
        ),
        (with(Tag::binary(tag::DSA, b"x")), "signature.malformed"),
    ] {
        refused(&fixture, Offer::File(&blob), trusted, code);
    }
    // koji's tag is new where the package has none, or gone where it has one.
    let plain = hello(Format::V4);
    let code = "rpm.apply.another-package";
    refused(&plain, Offer::File(&good), trusted, code);
    // Signed well, by somebody nobody trusts here.
    let code = "signature.missing-certificate";
    refused(&fixture, Offer::File(&good), &["good-rsa2048"], code);
}

#[test]
fn every_flipped_byte_of_a_signature_header_is_noticed_or_free() {
    let (plain, signed) = (Fixture::v4(), Fixture::v4());
    signed.sign(&["good-ed25519"]).unwrap();
    let blob = signature_blob(&signed);
    let mut taken = Vec::new();
    for position in 0..blob.len() {
        let mut flipped = blob.clone();
        flipped[position] ^= 1;
        let (staged, _) = header_blob::apply(
            &plain.path,
            Offer::File(&flipped),
            &trusting(&["good"]),
            &SignOptions::default(),
            &Destination::Beside,
            &limits(),
        )
        .unwrap();
        if staged.is_some() {
            taken.push(position);
        }
    }
    // PAYLOADSIZE and the issuer's hint in the unhashed area: nothing signed knows them.
    assert!(taken.len() <= 4 + 12, "{taken:?}");
}

/// What the package had of its own and the other one lacks is named.
#[test]
fn what_a_foreign_signature_header_drops_is_named() {
    let signed = hello(Format::V4);
    signed.sign(&["good-ed25519"]).unwrap();
    let blob = signature_blob(&signed);
    let plain = hello(Format::V4);
    let files = ["030204deadbeef0001ff".to_owned()];
    let ima = Parts::read(&plain.unsigned).with(Tag::strings(274, &files));
    fs::write(&plain.path, ima.build()).unwrap();
    let found = apply(&plain, Offer::File(&blob), &["good"]);
    assert_accepted(&found);
    let warnings = codes(&found, Severity::Warning);
    assert!(warnings.contains(&"rpm.apply.dropped"), "{warnings:?}");
}

/// rpm 4.20 of the chroot reads what came back.
#[test]
fn newer_rpm_accepts_what_came_back() {
    use pkgseal_testkit::peers::trixie::Room;
    let Some(room) = Room::new() else {
        return;
    };
    for key in ["good-rsa4096", "good-ed25519", "good-p256"] {
        let fixture = hello(Format::V4);
        let (_, bytes) = sign_plan(&plan_of(&[&fixture.path]), &[key]).unwrap();
        let list = list(&bytes.unwrap());
        assert_accepted(&apply(&fixture, Offer::List(&list), &[key]));
        let package: PathBuf = room.put("hello.rpm", fixture.bytes());
        let certificate = room.put("key.asc", keys::load(key).certificate());
        let database = room.inside().join(format!("db-{key}"));
        let rpmkeys = |arguments: &[&Path]| {
            let mut command = vec!["--dbpath".into(), database.clone().into_os_string()];
            command.extend(arguments.iter().map(|a| a.as_os_str().to_owned()));
            room.run("rpmkeys", command)
        };
        rpmkeys(&[Path::new("--import"), &certificate]).expect_ok();
        let level = Path::new("--define=_pkgverify_level all");
        rpmkeys(&[level, Path::new("-Kv"), &package]).expect_ok();
    }
}

/// Odd signatures on files are named by inspect.
#[test]
fn inspect_names_odd_file_signatures() {
    let fixture = hello(Format::V4);
    for (files, odd) in [
        (&["030204deadbeef0002aabb"][..], false),
        (&["030204deadbeef0003aabb"], true),
        (&["hello"], true),
        (&["030204deadbeef0002aabb", ""], true),
    ] {
        let files: Vec<String> = files.iter().map(|text| (*text).to_owned()).collect();
        let package = Parts::read(&fixture.unsigned).with(Tag::strings(274, &files));
        fs::write(&fixture.path, package.build()).unwrap();
        let found = package::inspect(&fixture.path, &trusting(&["good"]), &limits()).unwrap();
        let warned = codes(&found, Severity::Warning);
        let named = warned.contains(&"rpm.file-signatures.malformed");
        assert_eq!(named, odd, "{files:?}: {warned:?}");
    }
}
