//! Uploads: .changes, .dsc and .buildinfo.

use super::shared::{self, By, Format, Kind, by};
use super::{Case, Files};
use crate::build::Digest;
use crate::build::deb::Deb;
use crate::build::upload::{Draft, Upload};
use crate::keys::{self, RawOptions, SIGNED, clearsigned, hash_header, load, sign_text};

const FORMAT: &str = "changes";
const CHANGES: &str = "hello_1.0-1_amd64.changes";
const SOURCE: &str = "hello_1.0-1_source.changes";
const DSC: &str = "hello_1.0-1.dsc";
const BUILDINFO: &str = "hello_1.0-1_amd64.buildinfo";

/// A paragraph as signers write it, an empty line behind it.
fn signed_by(text: &str, signers: &[By]) -> Vec<u8> {
    if signers.is_empty() {
        return text.into();
    }
    let text = format!("{text}\n");
    let loaded: Vec<_> = signers.iter().map(|by| load(by.key)).collect();
    let packets: Vec<u8> = signers
        .iter()
        .zip(&loaded)
        .flat_map(|(by, key)| {
            let text = if by.elsewhere {
                text.replace("hello", "other")
            } else {
                text.clone()
            };
            sign_text(key, &text, &by.options)
        })
        .collect();
    let headed: Vec<_> = loaded
        .iter()
        .zip(signers)
        .map(|(key, by)| (key, by.options.clone()))
        .collect();
    clearsigned(&text, &hash_header(&headed), &packets)
}

fn good(text: &str) -> Vec<u8> {
    signed_by(text, &[by("good-ed25519", SIGNED)])
}

/// Everything signed by one key, one document's text changed before.
fn edited(upload: &Upload, kind: &str, from: &str, to: &str) -> Files {
    upload.files(&|draft: &Draft<'_>| {
        if draft.kind != kind {
            return good(draft.text);
        }
        assert!(draft.text.contains(from), "{from}");
        good(&draft.text.replacen(from, to, 1))
    })
}

/// Everything signed as told for each kind of document.
fn each(upload: &Upload, write: &dyn Fn(&str, &str) -> Vec<u8>) -> Files {
    upload.files(&|draft| write(draft.kind, draft.text))
}

/// Files with another content under one name, which nobody signed.
fn swapped(mut files: Files, name: &str, change: &dyn Fn(&mut Vec<u8>)) -> Files {
    let file = files.iter_mut().find(|(path, _)| path == name).unwrap();
    change(&mut file.1);
    files
}

fn without(mut files: Files, name: &str) -> Files {
    let count = files.len();
    files.retain(|(path, _)| path != name);
    assert_eq!(files.len() + 1, count, "{name}");
    files
}

fn renamed(mut files: Files, from: &str, to: &str) -> Files {
    files.iter_mut().find(|(path, _)| path == from).unwrap().0 = to.into();
    files
}

pub(super) fn cases() -> Vec<Case> {
    let source = || Upload::new().source_only();
    let mut cases = shared::cases(&Format {
        name: FORMAT,
        unsigned: "upload.unsigned",
        kind: Kind::Upload,
        subject: SOURCE,
        signed: &|signers| source().files(&|draft| signed_by(draft.text, signers)),
        tampered: &|signers| {
            let files = source().files(&|draft| signed_by(draft.text, signers));
            swapped(files, SOURCE, &|content| {
                let text = String::from_utf8(content.clone()).unwrap();
                *content = text.replace("Urgency: medium", "Urgency: mediun").into();
            })
        },
    });
    cases.extend(accepted());
    cases.extend(documents());
    cases.extend(fields());
    cases.extend(files());
    cases.extend(alone());
    cases
}

fn accepted() -> Vec<Case> {
    let full = || Upload::new().files(&|draft| good(draft.text));
    let accepted = |name: &str, why: &str, files: Files| {
        Case::accepted(FORMAT, name, why).files(CHANGES, files)
    };
    vec![
        accepted(
            "full",
            "source, package and .buildinfo, all by one key",
            full(),
        ),
        accepted(
            "buildinfo-unsigned",
            "the signed .changes vouches for the .buildinfo",
            each(&Upload::new(), &|kind, text| match kind {
                "buildinfo" => text.into(),
                _ => good(text),
            }),
        ),
        accepted(
            "trailing-blanks",
            "old dpkg put a blank behind the names of lists; no clearsignature covers it",
            edited(&Upload::new(), "dsc", "Files:\n", "Files: \n"),
        ),
        accepted(
            "without-orig",
            "the archive has the upstream tarball from an earlier version",
            without_orig(),
        ),
        Case::accepted(
            FORMAT,
            "upstream-signature",
            "the tarball's own signature is good",
        )
        .files(CHANGES, upstream("good-rsa4096", false))
        .trusting(&["good-ed25519", "good-rsa4096"]),
        Case::accepted(
            FORMAT,
            "upstream-signature-unknown",
            "nobody here knows upstream's certificate: a note",
        )
        .files(CHANGES, upstream("stranger", false)),
        Case::rejected(
            FORMAT,
            "upstream-signature-bad",
            "signature.bad",
            "the tarball is not the one that upstream signed",
        )
        .files(CHANGES, upstream("good-rsa4096", true))
        .trusting(&["good-ed25519", "good-rsa4096"]),
    ]
}

/// Lines of file lists whose file's name ends so.
fn file_lines(text: &str, ending: &str) -> String {
    text.lines()
        .find(|line| line.ends_with(ending))
        .map(|line| format!("{line}\n"))
        .unwrap_or_default()
}

/// Every line of every list that names the file is gone.
fn unlisted(text: &str, name: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| !line.trim_end().ends_with(&format!(" {name}")))
        .collect()
}

fn without_orig() -> Files {
    let name = "hello_1.0.orig.tar.xz";
    let files = each(&Upload::new(), &|kind, text| match kind {
        "changes" => good(&unlisted(text, name)),
        _ => good(text),
    });
    without(files, name)
}

fn upstream(key: &'static str, elsewhere: bool) -> Files {
    let sign = |content: &[u8]| {
        let content = if elsewhere { b"other" } else { content };
        keys::raw_sign(&load(key), content, &RawOptions::at(SIGNED))
    };
    Upload::new()
        .upstream(&sign)
        .files(&|draft| good(draft.text))
}

/// Who signed which document.
fn documents() -> Vec<Case> {
    let rejected = |name: &str, code: &str, why: &str, files: Files| {
        Case::rejected(FORMAT, name, code, why)
            .files(CHANGES, files)
            .trusting(&["good-ed25519", "good-rsa4096"])
    };
    let other = |which: &'static str| {
        each(&Upload::new(), &move |kind, text| {
            let key = if kind == which {
                "good-rsa4096"
            } else {
                "good-ed25519"
            };
            signed_by(text, &[by(key, SIGNED)])
        })
    };
    let at = |which: &'static str, key: &'static str, time: &'static str| {
        each(&Upload::new(), &move |kind, text| {
            if kind == which {
                signed_by(text, &[by(key, time)])
            } else {
                good(text)
            }
        })
    };
    let unsigned = |which: &'static str| {
        each(&Upload::new(), &move |kind, text| {
            if kind == which {
                text.into()
            } else {
                good(text)
            }
        })
    };
    let mut cases = vec![
        rejected(
            "dsc-by-another-key",
            "upload.other-signer",
            "the source was signed by somebody else than the upload",
            other("dsc"),
        ),
        rejected(
            "buildinfo-by-another-key",
            "upload.other-signer",
            "the .buildinfo was signed by somebody else than the upload",
            other("buildinfo"),
        ),
        rejected(
            "changes-by-another-key",
            "upload.other-signer",
            "somebody uploads what another one built and signed",
            other("changes"),
        ),
        rejected(
            "dsc-unsigned",
            "upload.unsigned",
            "the source carries no signature",
            unsigned("dsc"),
        ),
        rejected(
            "changes-unsigned",
            "upload.unsigned",
            "only the documents inside are signed",
            unsigned("changes"),
        ),
        rejected(
            "dsc-by-a-stranger",
            "signature.missing-certificate",
            "nobody here knows who signed the source",
            at("dsc", "stranger", SIGNED),
        ),
        rejected(
            "dsc-by-an-expired-key",
            "signature.key-expired",
            "the source's key has expired; dscverify takes it",
            at("dsc", "expired", SIGNED),
        )
        .trusting(&["good-ed25519", "expired"]),
        rejected(
            "dsc-by-a-revoked-key",
            "signature.key-revoked",
            "the source's key is revoked as compromised; dscverify takes it",
            at("dsc", "revoked-hard", SIGNED),
        )
        .trusting(&["good-ed25519", "revoked-hard"]),
        rejected(
            "buildinfo-tampered",
            "file.digest-mismatch",
            "the .buildinfo is not the one that the .changes lists",
            swapped(
                Upload::new().files(&|draft| good(draft.text)),
                BUILDINFO,
                &|content| {
                    let text = String::from_utf8(content.clone()).unwrap();
                    *content = text.replace("Origin: TEST", "Origin: FAKE").into();
                },
            ),
        ),
        rejected(
            "old",
            "upload.too-old",
            "signed more than a year ago: an old upload sent again",
            Upload::new().files(&|draft| good(draft.text)),
        )
        .time("2026-03-02"),
    ];
    cases.push(
        Case::accepted(FORMAT, "not-yet-old", "signed a year ago, to the day")
            .files(CHANGES, Upload::new().files(&|draft| good(draft.text)))
            .time("2026-03-01"),
    );
    cases
}

/// What the documents say.
fn fields() -> Vec<Case> {
    let upload = Upload::new();
    let deb = "hello_1.0-1_all.deb";
    let line = |kind: &str, name: &str| {
        let mut found = String::new();
        let found_in = std::cell::RefCell::new(&mut found);
        upload.files(&|draft| {
            if draft.kind == kind {
                **found_in.borrow_mut() = file_lines(draft.text, name);
            }
            draft.text.into()
        });
        found
    };
    let deb_line = line("changes", deb);
    let list: Vec<(&str, &str, &str, &str, String, String)> = vec![
        (
            "duplicate-field",
            "upload.duplicate-field",
            "Source stands twice",
            "changes",
            "Urgency: medium".into(),
            "Source: other".into(),
        ),
        (
            "field-in-another-case",
            "upload.field-case",
            "SOURCE is Source to some readers",
            "changes",
            "Source: hello".into(),
            "SOURCE: hello".into(),
        ),
        (
            "second-paragraph",
            "upload.malformed",
            "a second paragraph after the first",
            "changes",
            "Urgency: medium\n".into(),
            "Urgency: medium\n\n".into(),
        ),
        (
            "no-distribution",
            "upload.missing-field",
            "nobody knows where it goes",
            "changes",
            "Distribution: unstable\n".into(),
            String::new(),
        ),
        (
            "two-distributions",
            "upload.distribution",
            "one upload goes to one distribution",
            "changes",
            "Distribution: unstable".into(),
            "Distribution: unstable stable".into(),
        ),
        (
            "format-unknown",
            "upload.format",
            "a format from the future",
            "changes",
            "Format: 1.8".into(),
            "Format: 2.0".into(),
        ),
        (
            "version-malformed",
            "upload.field-value",
            "no version is like that",
            "changes",
            "Version: 1:1.0-1".into(),
            "Version: 1:../..".into(),
        ),
        (
            "source-malformed",
            "upload.field-value",
            "no source is called so",
            "changes",
            "Source: hello".into(),
            "Source: ../hello".into(),
        ),
        (
            "weak-hashes-only",
            "upload.weak-hashes",
            "files are bound by MD5 and SHA-1 only",
            "dsc",
            "Checksums-Sha256".into(),
            "X-Checksums-Sha256".into(),
        ),
        (
            "unknown-checksums",
            "upload.unknown-checksums",
            "a list nobody can check",
            "changes",
            "Urgency: medium\n".into(),
            "Urgency: medium\nChecksums-Blake3:\n 00 1 x\n".into(),
        ),
        (
            "path-in-a-file-name",
            "upload.file-name",
            "a listed file's name climbs",
            "changes",
            format!(" {deb}"),
            format!(" ../{deb}"),
        ),
        (
            "option-as-a-file-name",
            "upload.file-name",
            "a file's name is an option",
            "dsc",
            " hello_1.0.orig".into(),
            " --hello_1.0.orig".into(),
        ),
        (
            "shell-in-a-file-name",
            "upload.file-name",
            "a file's name is a command",
            "dsc",
            " hello_1.0.orig".into(),
            " $(id)_1.0.orig".into(),
        ),
        (
            "duplicate-file",
            "upload.duplicate-file",
            "a file stands twice in one list",
            "changes",
            deb_line.clone(),
            format!("{deb_line}{deb_line}"),
        ),
        (
            "lists-differ",
            "upload.lists-differ",
            "a file is missing from one list",
            "changes",
            deb_line.clone(),
            String::new(),
        ),
        (
            "sizes-differ",
            "upload.lists-differ",
            "lists give different sizes",
            "changes",
            deb_line.clone(),
            deb_line.replace(&format!(" {deb}"), &format!("0 {deb}")),
        ),
        (
            "file-line-cut-short",
            "upload.file-line",
            "a digest is too short",
            "changes",
            deb_line.clone(),
            format!(" {}", &deb_line[9..]),
        ),
        (
            "source-not-announced",
            "upload.source",
            "a .dsc, and Architecture says nothing of it",
            "changes",
            "Architecture: source all".into(),
            "Architecture: all".into(),
        ),
        (
            "package-not-announced",
            "upload.not-announced",
            "Binary does not name the package",
            "changes",
            "Binary: hello".into(),
            "Binary: goodbye".into(),
        ),
        (
            "architecture-not-announced",
            "upload.not-announced",
            "Architecture does not name the package's",
            "changes",
            "Architecture: source all".into(),
            "Architecture: source amd64".into(),
        ),
        (
            "sources-differ",
            "upload.fields-differ",
            "the .dsc is of another source",
            "dsc",
            "Source: hello".into(),
            "Source: other".into(),
        ),
        (
            "versions-differ",
            "upload.fields-differ",
            "the .dsc has another epoch",
            "dsc",
            "Version: 1:1.0-1".into(),
            "Version: 2:1.0-1".into(),
        ),
        (
            "buildinfo-of-another-version",
            "upload.fields-differ",
            "built from another version",
            "buildinfo",
            "Version: 1:1.0-1".into(),
            "Version: 2:1.0-1".into(),
        ),
        (
            "named-after-another-version",
            "upload.name-mismatch",
            "the fields say otherwise than the file's name",
            "changes",
            "Version: 1:1.0-1".into(),
            "Version: 1:1.0-2".into(),
        ),
    ];
    list.into_iter()
        .map(|(name, code, why, kind, from, to)| {
            Case::rejected(FORMAT, name, code, why)
                .files(CHANGES, edited(&upload, kind, &from, &to))
        })
        .collect()
}

/// Files on disk.
fn files() -> Vec<Case> {
    let full = || Upload::new().files(&|draft| good(draft.text));
    let disguised = |deb: Deb| {
        let upload = Upload {
            disguised: Some(deb),
            ..Upload::new()
        };
        upload.files(&|draft| good(draft.text))
    };
    let package = || Deb::new("hello", "1:1.0-1", "all");
    let deb = "hello_1.0-1_all.deb";
    let debian = "hello_1.0-1.debian.tar.xz";
    let rejected = |name: &str, code: &str, why: &str, files: Files| {
        Case::rejected(FORMAT, name, code, why).files(CHANGES, files)
    };
    let flipped = |content: &mut Vec<u8>| content[20] ^= 1;
    let smuggled = {
        // The digests of the .dsc say what the .changes does not.
        let upload = Upload::new();
        let (name, content) = upload.sources[1].clone();
        let mut other = content.clone();
        other[20] ^= 1;
        let digests = [Digest::Md5, Digest::Sha1, Digest::Sha256];
        each(&upload, &move |kind, text| {
            let mut text = text.to_owned();
            if kind == "dsc" {
                for digest in digests {
                    text = text.replace(
                        &format!("{} {} {name}", digest.hex(&content), content.len()),
                        &format!("{} {} {name}", digest.hex(&other), other.len()),
                    );
                }
            }
            good(&text)
        })
    };
    vec![
        rejected(
            "package-missing",
            "file.missing",
            "a listed package is not there",
            without(full(), deb),
        ),
        rejected(
            "package-tampered",
            "file.digest-mismatch",
            "a package was changed",
            swapped(full(), deb, &flipped),
        ),
        rejected(
            "package-longer",
            "file.size-mismatch",
            "bytes were appended to a package",
            swapped(full(), deb, &|content| content.push(b'\n')),
        ),
        rejected(
            "package-of-another-source",
            "upload.package-mismatch",
            "the package's own control file names another source",
            disguised(package().field("Source", "other")),
        ),
        rejected(
            "package-of-another-source-version",
            "upload.package-mismatch",
            "the package's own control file names another version of the source",
            disguised(package().field("Source", "hello (1.0-1)")),
        ),
        rejected(
            "package-of-another-epoch",
            "upload.package-mismatch",
            "file names have no epoch: only the control file tells",
            disguised(Deb::new("hello", "2:1.0-1", "all")),
        ),
        rejected(
            "package-under-another-name",
            "upload.name-mismatch",
            "the package's own control file calls it otherwise",
            disguised(Deb::new("goodbye", "1:1.0-1", "all").field("Source", "hello")),
        ),
        rejected(
            "package-of-another-architecture",
            "upload.not-announced",
            "the package's own control file names an architecture the upload does not",
            disguised(Deb::new("hello", "1:1.0-1", "amd64")),
        ),
        rejected(
            "package-that-is-none",
            "deb.not-an-archive",
            "what is uploaded as a package is none",
            {
                let upload = Upload {
                    debs: Vec::new(),
                    sources: [
                        Upload::new().sources,
                        vec![("hello_1.0-1_all.deb".into(), b"no package".to_vec())],
                    ]
                    .concat(),
                    ..Upload::new()
                };
                upload.files(&|draft| match draft.kind {
                    "dsc" => good(&unlisted(draft.text, "hello_1.0-1_all.deb")),
                    "changes" => good(&draft.text.replace(
                        "Architecture: source\n",
                        "Binary: hello\nArchitecture: source all\n",
                    )),
                    _ => good(draft.text),
                })
            },
        ),
        rejected(
            "tarball-tampered",
            "file.digest-mismatch",
            "a tarball was changed",
            swapped(full(), debian, &flipped),
        ),
        rejected(
            "tarball-missing",
            "file.missing",
            "a tarball is not there",
            without(full(), debian),
        ),
        rejected(
            "dsc-missing",
            "file.missing",
            "the .dsc is not there",
            without(full(), DSC),
        ),
        rejected(
            "dsc-and-changes-contradict",
            "file.contradiction",
            "the .dsc lists another tarball than the .changes",
            smuggled,
        ),
        rejected(
            "tarball-not-brought",
            "upload.incomplete",
            "the source's own changes are not part of the upload",
            each(&Upload::new(), &|kind, text| match kind {
                "changes" => good(&unlisted(text, debian)),
                _ => good(text),
            }),
        ),
        rejected(
            "upstream-signature-alone",
            "upload.upstream-without-tarball",
            "a signature of a tarball that no list names",
            {
                let sign = |content: &[u8]| {
                    keys::raw_sign(&load("good-ed25519"), content, &RawOptions::at(SIGNED))
                };
                let upload = Upload::new().upstream(&sign);
                upload.files(&|draft| good(&unlisted(draft.text, "hello_1.0.orig.tar.xz")))
            },
        ),
        Case::rejected(
            FORMAT,
            "renamed",
            "upload.name-mismatch",
            "a .changes under another name",
        )
        .files(
            "other_1.0-1_amd64.changes",
            renamed(full(), CHANGES, "other_1.0-1_amd64.changes"),
        ),
    ]
}

/// A .dsc or a .buildinfo by itself.
fn alone() -> Vec<Case> {
    let full = || Upload::new().files(&|draft| good(draft.text));
    let by_expired =
        || Upload::new().files(&|draft| signed_by(draft.text, &[by("expired", SIGNED)]));
    vec![
        Case::accepted(FORMAT, "dsc", "a source package by itself").files(DSC, full()),
        Case::accepted(FORMAT, "buildinfo", "a .buildinfo by itself").files(BUILDINFO, full()),
        Case::accepted(
            FORMAT,
            "dsc-key-expired-since",
            "a source is kept for years: its key was alive when it signed",
        )
        .files(DSC, by_expired())
        .trusting(&["expired"]),
        Case::rejected(
            FORMAT,
            "changes-key-expired-since",
            "signature.key-expired",
            "an upload is made today: its key has to be alive today",
        )
        .files(CHANGES, by_expired())
        .trusting(&["expired"]),
        Case::rejected(
            FORMAT,
            "dsc-alone-unsigned",
            "upload.unsigned",
            "anybody can have written it",
        )
        .files(DSC, Upload::new().unsigned()),
        Case::rejected(
            FORMAT,
            "buildinfo-alone-unsigned",
            "upload.unsigned",
            "by itself, nothing vouches for a .buildinfo without a signature",
        )
        .files(BUILDINFO, Upload::new().unsigned()),
        Case::rejected(
            FORMAT,
            "dsc-without-tarball",
            "file.missing",
            "a tarball is not there",
        )
        .files(DSC, without(full(), "hello_1.0.orig.tar.xz")),
        Case::rejected(
            FORMAT,
            "dsc-tarball-tampered",
            "file.digest-mismatch",
            "a tarball was changed",
        )
        .files(
            DSC,
            swapped(full(), "hello_1.0.orig.tar.xz", &|content| content[20] ^= 1),
        ),
        Case::rejected(
            FORMAT,
            "dsc-text-before",
            "cleartext.malformed",
            "text in front of the signed message: who parses the file reads it first",
        )
        .files(
            DSC,
            swapped(full(), DSC, &|content| {
                content.splice(0..0, b"Source: other\n\n".iter().copied());
            }),
        ),
        Case::rejected(
            FORMAT,
            "dsc-text-after",
            "cleartext.malformed",
            "text behind the signature",
        )
        .files(
            DSC,
            swapped(full(), DSC, &|content| content.extend(b"Source: other\n")),
        ),
        Case::rejected(
            FORMAT,
            "dsc-blank-armor-separator",
            "cleartext.malformed",
            "a blank in the line that ends the armor headers (CVE-2015-0840)",
        )
        .files(
            DSC,
            swapped(full(), DSC, &|content| {
                let text = String::from_utf8(content.clone()).unwrap();
                *content = text.replacen("\n\n", "\n \n", 1).into();
            }),
        ),
    ]
}
