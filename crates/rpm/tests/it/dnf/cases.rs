//! The repositories.

use std::collections::BTreeMap;
use std::path::Path;

use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::build::{Compression, Digest};
use pkgseal_testkit::keys::{
    self, Form, Hash, Issuer, NOW, RawOptions, SIGNED, load, raw_clearsign, raw_sign, raw_sign_v3,
};

/// Names of the groups, in the order of the table.
pub(super) const GROUPS: [&str; 6] = [
    "one signer",
    "two signatures",
    "odd signatures",
    "the signature file",
    "repomd.xml",
    "metadata files",
];

/// The day after the signature.
const SOON: &str = "2025-03-02";

/// One repository.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) group: &'static str,
    pub(super) certificate: Vec<u8>,
    pub(super) now: &'static str,
    files: Files,
}

/// Paths below the repository, and content.
type Files = BTreeMap<String, Vec<u8>>;

const XML: &str = "repodata/repomd.xml";
const ASC: &str = "repodata/repomd.xml.asc";

impl Case {
    fn new(group: &'static str, name: impl Into<String>, files: Files) -> Self {
        Self {
            name: name.into(),
            group,
            certificate: load("good").certificate().to_vec(),
            now: SOON,
            files,
        }
    }

    fn trusting(mut self, names: &[&str]) -> Self {
        self.certificate = names
            .iter()
            .flat_map(|name| load(name).certificate().to_vec())
            .collect();
        self
    }

    fn at(mut self, day: &'static str) -> Self {
        self.now = day;
        self
    }

    pub(super) fn write(&self, root: &Path) {
        for (path, content) in &self.files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }
}

fn repository() -> Repository {
    let mut repository = Repository::new(vec![
        Rpm::new("alpha", "1.0", "noarch", Format::V4),
        Rpm::new("beta", "2.0", "noarch", Format::V4),
    ]);
    repository.compression = Compression::Gzip;
    repository
}

/// The repository without a signature.
fn unsigned() -> Files {
    let repository = repository();
    let metadata = repository.metadata();
    let mut files = Files::new();
    for file in &metadata {
        files.insert(format!("repodata/{}", file.name), file.stored.clone());
    }
    files.insert(XML.into(), repository.repomd(&metadata).into_bytes());
    files
}

fn options() -> RawOptions {
    RawOptions::at(SIGNED).binary()
}

fn packet(key: &str, over: &[u8], options: &RawOptions) -> Vec<u8> {
    raw_sign(&load(key), over, options)
}

fn with_asc(mut files: Files, asc: Vec<u8>) -> Files {
    files.insert(ASC.into(), asc);
    files
}

fn signed_by(files: Files, key: &str) -> Files {
    let asc = keys::armor(&packet(key, &files[XML], &options()));
    with_asc(files, asc)
}

/// The good one.
fn good() -> Files {
    signed_by(unsigned(), "good")
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(one_signer());
    cases.extend(two_signatures());
    cases.extend(odd_signatures());
    cases.extend(signature_files());
    cases.extend(roots());
    cases.extend(metadata());
    cases
}

fn one_signer() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in keys::names() {
        for now in [SOON, NOW] {
            cases.push(
                Case::new(
                    "one signer",
                    format!("by {name}, {now}"),
                    signed_by(unsigned(), name),
                )
                .trusting(&[name])
                .at(now),
            );
        }
    }
    cases.push(Case::new("one signer", "by somebody else", good()).trusting(&["stranger"]));
    cases
}

fn two_signatures() -> Vec<Case> {
    let mut cases = Vec::new();
    let text = unsigned()[XML].clone();
    let made = |name: &str| match name.strip_prefix('-') {
        // Over something else.
        Some(name) => packet(name, b"something else", &options()),
        None => packet(name, &text, &options()),
    };
    for (first, second, trusted) in [
        ("good", "good-rsa4096", &["good", "good-rsa4096"][..]),
        ("good-rsa4096", "good", &["good", "good-rsa4096"]),
        ("good", "stranger", &["good"]),
        ("stranger", "good", &["good"]),
        ("good", "-good-rsa4096", &["good", "good-rsa4096"]),
        ("-good-rsa4096", "good", &["good", "good-rsa4096"]),
        ("good", "-stranger", &["good"]),
        ("-stranger", "good", &["good"]),
        ("good", "expired", &["good", "expired"]),
        ("expired", "good", &["good", "expired"]),
        ("good", "good", &["good"]),
    ] {
        for together in [true, false] {
            let (one, two) = (made(first), made(second));
            let asc = if together {
                keys::armor(&[one, two].concat())
            } else {
                [keys::armor(&one), keys::armor(&two)].concat()
            };
            let place = if together { "one block" } else { "two blocks" };
            cases.push(
                Case::new(
                    "two signatures",
                    format!("{first} and {second}, {place}"),
                    with_asc(unsigned(), asc),
                )
                .trusting(trusted)
                .at(if trusted.contains(&"expired") {
                    NOW
                } else {
                    SOON
                }),
            );
        }
    }
    cases
}

fn odd_signatures() -> Vec<Case> {
    let text = unsigned()[XML].clone();
    let case = |name: &str, options: &RawOptions| {
        let asc = keys::armor(&packet("good", &text, options));
        Case::new("odd signatures", name, with_asc(unsigned(), asc))
    };
    let mut cases = vec![
        case("over text", &options().form(Form::Text)),
        case("standing alone", &options().form(Form::Standalone)),
        case("no issuer", &options().issuer(Issuer::Absent)),
        case(
            "a false issuer",
            &options().issuer(Issuer::Other("stranger".into())),
        ),
        case("expired itself", &options().expires_in(60)),
        case("not yet expired", &options().expires_in(86_400 * 30)),
        case(
            "a critical notation that nobody knows",
            &options().critical_notation("test@test.invalid", "x"),
        ),
        case("of the future", &RawOptions::at("2025-04-01").binary()),
        case("older than its key", &RawOptions::at("2024-12-01").binary()),
    ];
    for hash in [
        Hash::Md5,
        Hash::Sha1,
        Hash::Sha224,
        Hash::Sha384,
        Hash::Sha512,
    ] {
        let asc = keys::armor(&packet("good-rsa4096", &text, &options().hash(hash)));
        let name = format!("{hash:?}");
        cases.push(
            Case::new("odd signatures", name, with_asc(unsigned(), asc))
                .trusting(&["good-rsa4096"]),
        );
    }
    let asc = keys::armor(&raw_sign_v3(
        &load("good-rsa4096"),
        &text,
        keys::time(SIGNED),
    ));
    cases.push(
        Case::new("odd signatures", "version 3", with_asc(unsigned(), asc))
            .trusting(&["good-rsa4096"]),
    );
    cases
}

fn signature_files() -> Vec<Case> {
    let good = good();
    let asc = String::from_utf8(good[ASC].clone()).unwrap();
    let binary = packet("good", &good[XML], &options());
    let case =
        |name: &str, asc: Vec<u8>| Case::new("the signature file", name, with_asc(unsigned(), asc));
    let old = {
        let text = String::from_utf8(good[XML].clone()).unwrap();
        let old = text.replace("<revision>1", "<revision>0");
        keys::armor(&packet("good", old.as_bytes(), &options()))
    };
    vec![
        Case::new("the signature file", "good", good),
        Case::new("the signature file", "missing", unsigned()),
        case("empty", Vec::new()),
        case("no signature", b"hello\n".to_vec()),
        case("of the generation before", old),
        case("not armored", binary.clone()),
        case(
            "not armored, and more bytes",
            [binary, b"x".to_vec()].concat(),
        ),
        case("text before", format!("hello\n{asc}").into_bytes()),
        case("text behind", format!("{asc}hello\n").into_bytes()),
        case("CRLF", asc.replace('\n', "\r\n").into_bytes()),
        case(
            "a comment in the armor",
            asc.replacen("\n\n", "\nComment: x\n\n", 1).into_bytes(),
        ),
        case(
            "no end",
            asc.replace("-----END PGP SIGNATURE-----\n", "")
                .into_bytes(),
        ),
        case("cut", asc.as_bytes()[..asc.len() / 2].to_vec()),
        case("no line end at the end", asc.trim_end().as_bytes().to_vec()),
        case(
            "a clearsigned message",
            raw_clearsign(&[(&load("good"), RawOptions::at(SIGNED))], "hello\n"),
        ),
        case("a certificate", load("good").certificate().to_vec()),
        case(
            "named as a message",
            asc.replace("PGP SIGNATURE", "PGP MESSAGE").into_bytes(),
        ),
    ]
}

/// A repository whose `repomd.xml` says something else, signed.
fn saying(change: impl FnOnce(String) -> String) -> Files {
    let mut files = unsigned();
    let text = String::from_utf8(files[XML].clone()).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text, "nothing was changed");
    files.insert(XML.into(), changed.into_bytes());
    signed_by(files, "good")
}

fn element<'t>(text: &'t str, kind: &str) -> &'t str {
    let start = text.find(&format!("  <data type=\"{kind}\">")).unwrap();
    let end = start + text[start..].find("</data>\n").unwrap() + "</data>\n".len();
    &text[start..end]
}

/// As [`saying`], of one metadata file.
fn of_data(kind: &str, from: &str, to: &str) -> Files {
    saying(|text| {
        let old = element(&text, kind).to_owned();
        assert!(old.contains(from), "{from} in {old}");
        text.replacen(&old, &old.replacen(from, to, 1), 1)
    })
}

fn roots() -> Vec<Case> {
    let case = |name: &str, files: Files| Case::new("repomd.xml", name, files);
    let after = |change: fn(Vec<u8>) -> Vec<u8>| {
        let mut files = good();
        let text = change(files[XML].clone());
        files.insert(XML.into(), text);
        files
    };
    let flip = |mut text: Vec<u8>| {
        let middle = text.len() / 2;
        text[middle] ^= 1;
        text
    };
    let sha1 = |text: String| text.replace("type=\"sha256\"", "type=\"sha1\"");
    let weak = |name: &'static str, digest: Digest| {
        let files = saying(|mut text| {
            for file in repository().metadata() {
                text = text.replace(
                    &format!(
                        "<checksum type=\"sha256\">{}",
                        Digest::Sha256.hex(&file.stored)
                    ),
                    &format!("<checksum type=\"{name}\">{}", digest.hex(&file.stored)),
                );
                text = text.replace(
                    &format!(
                        "<open-checksum type=\"sha256\">{}",
                        Digest::Sha256.hex(&file.open)
                    ),
                    &format!("<open-checksum type=\"{name}\">{}", digest.hex(&file.open)),
                );
            }
            text
        });
        Case::new("repomd.xml", format!("checksums of {name}"), files)
    };
    let without = |kind: &'static str| {
        saying(move |text| text.replacen(&element(&text, kind).to_owned(), "", 1))
    };
    vec![
        case("changed after it was signed", after(flip)),
        case(
            "a line more after it was signed",
            after(|text| [text, b"\n".to_vec()].concat()),
        ),
        case(
            "cut after it was signed",
            after(|text| text[..text.len() - 12].to_vec()),
        ),
        case("empty", after(|_| Vec::new())),
        case(
            "a document type",
            saying(|text| text.replacen("<repomd", "<!DOCTYPE repomd>\n<repomd", 1)),
        ),
        case(
            "an entity of its own",
            saying(|text| {
                let text = text.replacen(
                    "<repomd",
                    "<!DOCTYPE repomd [<!ENTITY e \"repodata\">]>\n<repomd",
                    1,
                );
                text.replacen("href=\"repodata/", "href=\"&e;/", 1)
            }),
        ),
        case(
            "a processing instruction",
            saying(|text| text.replacen("<revision>", "<?x y?><revision>", 1)),
        ),
        case(
            "two revisions",
            saying(|text| text.replacen("<revision>", "<revision>1</revision><revision>", 1)),
        ),
        case(
            "no revision",
            saying(|text| text.replace("<revision>1738368000</revision>", "")),
        ),
        case(
            "primary twice",
            saying(|text| {
                let primary = element(&text, "primary").to_owned();
                text.replacen(&primary, &primary.repeat(2), 1)
            }),
        ),
        case("no primary", without("primary")),
        case("no filelists", without("filelists")),
        case("no other", without("other")),
        case("no end", saying(|text| text.replace("</repomd>\n", ""))),
        case(
            "another root element",
            saying(|text| text.replace("repomd", "repomdx")),
        ),
        case("sha1 with digests of sha256", saying(sha1)),
        weak("sha1", Digest::Sha1),
        weak("md5", Digest::Md5),
        weak("sha512", Digest::Sha512),
        case(
            "an unknown checksum",
            saying(|text| text.replace("type=\"sha256\"", "type=\"crc32\"")),
        ),
        case(
            "files dated in the future",
            saying(|text| text.replace("<timestamp>17", "<timestamp>27")),
        ),
        case(
            "a timestamp that is none",
            saying(|text| text.replace("<timestamp>17", "<timestamp>x")),
        ),
        case(
            "a timestamp with a fraction",
            saying(|text| text.replace("</timestamp>", ".25</timestamp>")),
        ),
    ]
}

/// A repository with another content of one file, everything about it right.
fn with_content(kind: &'static str, change: impl FnOnce(String) -> String) -> Files {
    let repository = repository();
    let mut metadata = repository.metadata();
    let file = metadata.iter_mut().find(|file| file.kind == kind).unwrap();
    let text = String::from_utf8(file.open.clone()).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text, "nothing was changed");
    *file = repository.stored(kind, changed);
    let mut files = Files::new();
    for file in &metadata {
        files.insert(format!("repodata/{}", file.name), file.stored.clone());
    }
    files.insert(XML.into(), repository.repomd(&metadata).into_bytes());
    signed_by(files, "good")
}

fn metadata() -> Vec<Case> {
    let case = |name: &str, files: Files| Case::new("metadata files", name, files);
    let path = |kind: &str| {
        let files = repository().metadata();
        let file = files.iter().find(|file| file.kind == kind).unwrap();
        format!("repodata/{}", file.name)
    };
    let damaged = |kind: &'static str, change: fn(&mut Vec<u8>)| {
        let mut files = good();
        change(files.get_mut(&path(kind)).unwrap());
        files
    };
    let open_digest = |kind: &str| {
        let files = repository().metadata();
        let file = files.iter().find(|file| file.kind == kind).unwrap();
        Digest::Sha256.hex(&file.open)
    };
    let mut cases = Vec::new();
    for kind in ["primary", "filelists", "other"] {
        let mut gone = good();
        gone.remove(&path(kind));
        cases.extend([
            case(&format!("{kind} missing"), gone),
            case(
                &format!("{kind} changed"),
                damaged(kind, |bytes| {
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                }),
            ),
            case(
                &format!("{kind} cut"),
                damaged(kind, |bytes| bytes.truncate(bytes.len() / 2)),
            ),
            case(
                &format!("{kind} longer"),
                damaged(kind, |bytes| bytes.push(b'\n')),
            ),
            case(
                &format!("{kind}: another size"),
                of_data(kind, "<size>", "<size>1"),
            ),
            case(
                &format!("{kind}: another open size"),
                of_data(kind, "<open-size>", "<open-size>1"),
            ),
            case(
                &format!("{kind}: another open checksum"),
                of_data(kind, &open_digest(kind), &"0".repeat(64)),
            ),
            case(
                &format!("{kind}: no checksum"),
                of_data(kind, "<checksum ", "<nothing "),
            ),
            case(
                &format!("{kind}: climbs out"),
                of_data(kind, "href=\"", "href=\"repodata/../"),
            ),
            case(
                &format!("{kind}: an absolute path"),
                of_data(kind, "href=\"", "href=\"/"),
            ),
            case(
                &format!("{kind}: xml:base"),
                of_data(
                    kind,
                    "<location ",
                    "<location xml:base=\"file:///nowhere\" ",
                ),
            ),
            case(
                &format!("{kind}: two locations"),
                of_data(
                    kind,
                    "<location ",
                    "<location href=\"repodata/x\"/><location ",
                ),
            ),
        ]);
    }
    for (name, from, to) in [
        (
            "a package climbs out",
            "href=\"Packages/",
            "href=\"../Packages/",
        ),
        (
            "a package with an absolute path",
            "href=\"Packages/",
            "href=\"/Packages/",
        ),
        (
            "a package elsewhere",
            "<location ",
            "<location xml:base=\"https://elsewhere.invalid/\" ",
        ),
        ("a package without a checksum", "<checksum ", "<nothing "),
        ("a package without a name", "<name>alpha</name>", ""),
        (
            "a package with two names",
            "<name>alpha</name>",
            "<name>alpha</name><name>omega</name>",
        ),
        ("an entity of nobody", "<name>alpha", "<name>&e;alpha"),
        (
            "a document type",
            "<metadata",
            "<!DOCTYPE metadata>\n<metadata",
        ),
        ("a count too large", " packages=\"2\"", " packages=\"3\""),
        ("no end", "</metadata>", ""),
    ] {
        cases.push(case(
            &format!("primary: {name}"),
            with_content("primary", |text| text.replacen(from, to, 1)),
        ));
    }
    for (name, from, to) in [
        ("another package", "pkgid=\"", "pkgid=\"00"),
        ("another name", "name=\"alpha\"", "name=\"omega\""),
        ("no end", "</filelists>", ""),
    ] {
        cases.push(case(
            &format!("filelists: {name}"),
            with_content("filelists", |text| text.replacen(from, to, 1)),
        ));
    }
    cases
}
