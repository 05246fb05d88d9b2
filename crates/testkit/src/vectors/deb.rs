//! `.deb` packages with debsigs members.

use super::shared::{self, By, Format, Kind, by};
use super::{Case, Files};
use crate::build::Compression;
use crate::build::deb::{
    Deb, ListForm, Member, append_signature, archive, dpkg_sig_list, malformed, signed_data,
};
use crate::keys::{Form, RawOptions, SIGNED, load, raw_clearsign, raw_sign};

const FORMAT: &str = "deb";
const SUBJECT: &str = "alpha_1.0-1_amd64.deb";

fn package() -> Deb {
    Deb::new("alpha", "1.0-1", "amd64").compressed(Compression::Gzip, Compression::Gzip)
}

fn signature(by: &By, members: &[Member]) -> Vec<u8> {
    let data = if by.elsewhere {
        b"something else".to_vec()
    } else {
        signed_data(members)
    };
    raw_sign(&load(by.key), &data, &by.options.clone().binary())
}

/// The package with one member for each signature: `origin`, then `maint`, `archive`.
fn signed(package: &Deb, signers: &[By]) -> Vec<u8> {
    let members = package.members();
    let mut bytes = archive(&members);
    for (by, kind) in signers.iter().zip(["origin", "maint", "archive"]) {
        append_signature(&mut bytes, kind, &signature(by, &members));
    }
    bytes
}

fn one(bytes: Vec<u8>) -> Files {
    vec![(SUBJECT.into(), bytes)]
}

pub(super) fn cases() -> Vec<Case> {
    let good = || by("good-ed25519", SIGNED);
    let mut cases = shared::cases(&Format {
        name: FORMAT,
        unsigned: "deb.unsigned",
        kind: Kind::Lasting,
        subject: SUBJECT,
        signed: &|signers| one(signed(&package(), signers)),
        tampered: &|signers| {
            let mut members = package().members();
            let signature = signature(&signers[0], &members);
            // The checksum at the end of control.tar.gz.
            *members[1].data.last_mut().unwrap() ^= 1;
            let mut bytes = archive(&members);
            append_signature(&mut bytes, "origin", &signature);
            one(bytes)
        },
    });
    for (name, control, data) in [
        ("good-none", Compression::None, Compression::None),
        ("good-xz", Compression::Xz, Compression::Xz),
        ("good-zst", Compression::Zstd, Compression::Zstd),
        ("good-bz2", Compression::Gzip, Compression::Bzip2),
    ] {
        cases.push(
            Case::accepted(FORMAT, name, "another compression of the members").files(
                SUBJECT,
                one(signed(&package().compressed(control, data), &[good()])),
            ),
        );
    }
    cases.push(
        Case::accepted(
            FORMAT,
            "good-armored",
            "an armored signature, as nfpm writes it",
        )
        .files(SUBJECT, {
            let members = package().members();
            let mut bytes = archive(&members);
            let key = load("good-ed25519");
            let armored = raw_sign(&key, &signed_data(&members), &RawOptions::at(SIGNED));
            append_signature(&mut bytes, "origin", &armored);
            one(bytes)
        }),
    );
    cases.extend(coverage());
    let key = load("good-ed25519");
    let sign = |data: &[u8]| raw_sign(&key, data, &RawOptions::at(SIGNED));
    for case in malformed(&package(), &sign) {
        let code = malformed_code(case.name);
        let why = format!("{}: readers disagree on it", case.name.replace('-', " "));
        cases.push(
            Case::rejected(FORMAT, case.name, code, &why)
                .files(SUBJECT, one(case.bytes))
                .pinned("deb"),
        );
    }
    cases
}

/// What a malformed archive is rejected for.
fn malformed_code(name: &str) -> &'static str {
    match name {
        "swapped-control" | "swapped-data" => "signature.bad",
        "bad-magic" | "empty" => "deb.not-an-archive",
        "data-of-another-compression" => "deb.compression",
        "version-3" => "deb.format-version",
        name if name.starts_with("duplicate") => "deb.duplicate-member",
        "magic-only" => "deb.missing-member",
        "padding-not-newline" => "deb.padding",
        "size-too-large" | "trailing-bytes" | "padding-missing" => "deb.truncated",
        "data-before-control" | "debian-binary-not-first" => "deb.member-order",
        name if name.starts_with("missing") => "deb.member-order",
        name if name.starts_with("truncated") => "deb.truncated",
        name if name.contains("extra") => "deb.unknown-member",
        "underscore-member-before-control" | "unknown-compression" => "deb.unknown-member",
        _ => "deb.header",
    }
}

/// Signatures that cover something else than the three members.
fn coverage() -> Vec<Case> {
    let members = package().members();
    let key = load("good-ed25519");
    let options = RawOptions::at(SIGNED).binary();
    let whole = signed_data(&members);
    let with = |kind: &str, signature: &[u8]| {
        let mut bytes = archive(&members);
        append_signature(&mut bytes, kind, signature);
        bytes
    };
    let over = |data: &[u8]| with("origin", &raw_sign(&key, data, &options));
    let good = raw_sign(&key, &whole, &options);
    let other = Deb::new("other", "1.0-1", "amd64").members();
    let list = |listed: &[Member], form| {
        let text = dpkg_sig_list(listed, "builder", form);
        with("builder", &raw_clearsign(&[(&key, options.clone())], &text))
    };
    let list: Vec<(&str, &str, &str, Vec<u8>)> = vec![
        (
            "signature-covers-debian-binary-only",
            "signature.bad",
            "the signature covers debian-binary only, as debsigs 0.1.26 makes it for zst",
            over(&members[0].data),
        ),
        (
            "signature-leaves-data-out",
            "signature.bad",
            "the signature does not cover data.tar",
            over(&signed_data(&members[..2])),
        ),
        (
            "signature-leaves-control-out",
            "signature.bad",
            "the signature does not cover control.tar",
            over(&[&members[0].data[..], &members[2].data].concat()),
        ),
        (
            "signature-over-the-archive",
            "signature.bad",
            "the signature covers the archive with its headers: gpg --verify would not look at this file",
            over(&archive(&members)),
        ),
        (
            "signature-of-another-package",
            "signature.bad",
            "the signature of another package",
            over(&signed_data(&other)),
        ),
        (
            "text-signature",
            "signature.wrong-form",
            "a text signature (0x01): line ends would not be covered",
            with(
                "origin",
                &raw_sign(&key, &whole, &options.clone().form(Form::Text)),
            ),
        ),
        (
            "empty-signature",
            "deb.empty-member",
            "an empty signature member",
            with("origin", b""),
        ),
        (
            "garbage-signature",
            "signature.malformed",
            "a signature member that holds no signature",
            with("origin", b"not a signature"),
        ),
        (
            "signature-with-trailing-bytes",
            "signature.malformed",
            "bytes after the signature packet",
            with("origin", &[&good[..], b"trailing"].concat()),
        ),
        (
            "signature-cut-short",
            "signature.malformed",
            "the signature packet is shorter than it says",
            with("origin", &good[..good.len() - 3]),
        ),
        (
            "clearsigned-signature",
            "deb.dpkg-sig.malformed",
            "a clearsigned message in place of a detached signature",
            with(
                "origin",
                &raw_clearsign(&[(&key, options.clone())], "hello\n"),
            ),
        ),
        (
            "dpkg-sig-only",
            "deb.dpkg-sig.collision-weak",
            "only a dpkg-sig member, which binds by MD5 and SHA-1",
            list(&members, ListForm::DpkgSig),
        ),
        (
            "dpkg-sig-by-nfpm-only",
            "deb.dpkg-sig.collision-weak",
            "the same, as nfpm writes it",
            list(&members, ListForm::Nfpm),
        ),
        (
            "dpkg-sig-of-another-package",
            "deb.dpkg-sig.mismatch",
            "the dpkg-sig list of another package",
            list(&other, ListForm::DpkgSig),
        ),
        (
            "two-origin-members",
            "deb.duplicate-member",
            "two members of one name; readers differ on which one counts",
            {
                let mut bytes = with("origin", &good);
                append_signature(
                    &mut bytes,
                    "origin",
                    &raw_sign(&load("stranger"), &whole, &options),
                );
                bytes
            },
        ),
        (
            "good-origin-bad-archive",
            "signature.bad",
            "a good signature, and a bad one in another member",
            {
                let mut bytes = with("origin", &good);
                append_signature(&mut bytes, "archive", &raw_sign(&key, b"other", &options));
                bytes
            },
        ),
        (
            "signature-before-data",
            "deb.member-order",
            "the signature stands before the members it covers",
            {
                let mut all = members.clone();
                all.insert(1, Member::new("_gpgorigin", &good));
                archive(&all)
            },
        ),
        (
            "swapped-control-and-data-bytes",
            "deb.compression",
            "the same concatenation cut elsewhere: one byte moved from data.tar to control.tar",
            {
                let mut all = members.clone();
                let first = all[2].data.remove(0);
                all[1].data.push(first);
                all.push(Member::new("_gpgorigin", &good));
                archive(&all)
            },
        ),
    ];
    list.into_iter()
        .map(|(name, code, why, bytes)| {
            Case::rejected(FORMAT, name, code, why).files(SUBJECT, one(bytes))
        })
        .collect()
}
