use pkgseal_repo::Code;
use proptest::prelude::*;

use super::*;

const SUM: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

fn parse_as(text: &[u8], named: Named) -> Result<Sums, Finding> {
    let text = Verified::danger_unverified(text.to_vec());
    Sums::parse(text, "SHA256SUMS", named).map(Verified::into_inner)
}

fn parse(text: &str) -> Result<Sums, Finding> {
    let named = Named::Algorithm(DigestAlgorithm::Sha256);
    parse_as(text.as_bytes(), named)
}

fn names(sums: &Sums) -> Vec<&str> {
    sums.files.keys().map(SafePath::as_str).collect()
}

#[test]
fn the_forms_of_coreutils_are_read() {
    for (line, name) in [
        (format!("{SUM}  a.iso"), "a.iso"),
        (format!("{SUM} *a.iso"), "a.iso"),
        (format!("{}  a.iso", SUM.to_uppercase()), "a.iso"),
        (format!("{SUM}  ./deep/a b.iso"), "deep/a b.iso"),
        (format!("{SUM}  *a"), "*a"),
        (format!("{SUM}   a"), " a"),
        (format!("SHA256 (a.iso) = {SUM}"), "a.iso"),
        (format!("SHA256 (a) = (b).iso) = {SUM}"), "a) = (b).iso"),
    ] {
        for text in [
            format!("{line}\n"),
            line.clone(),
            format!("# x\n\n{line}\n\n"),
        ] {
            let sums = parse(&text).unwrap_or_else(|e| panic!("{text:?}: {e:?}"));
            assert_eq!(names(&sums), [name], "{text:?}");
            assert_eq!(sums.algorithm, DigestAlgorithm::Sha256);
        }
    }
    let both = parse(&format!("SHA256 (b) = {SUM}\n{SUM}  a\n")).unwrap();
    assert_eq!(names(&both), ["a", "b"]);
}

#[test]
fn what_is_written_is_read_back() {
    let sums = parse(&format!("{SUM}  b\n{SUM} *a (1).iso\n")).unwrap();
    assert_eq!(
        sums.write(Form::Plain),
        format!("{SUM}  a (1).iso\n{SUM}  b\n")
    );
    for form in [Form::Plain, Form::Tagged] {
        assert_eq!(parse(&sums.write(form)).unwrap(), sums);
    }
}

#[test]
fn everything_else_is_refused() {
    let two = |first: &str, second: &str| format!("{first}\n{second}\n");
    let good = format!("{SUM}  a");
    let malformed = codes::SUMS_MALFORMED;
    let unsafe_path = repo_codes::PATH_UNSAFE;
    let cases: Vec<(String, Code, &str)> = vec![
        (String::new(), codes::SUMS_EMPTY, "lists no file"),
        (
            "# only words\n\n".into(),
            codes::SUMS_EMPTY,
            "lists no file",
        ),
        ("words\n".into(), malformed, "line 1: it is no checksum"),
        (format!("{SUM}\n"), malformed, "it is no checksum"),
        (format!("{SUM} a\n"), malformed, "neither a blank nor *"),
        (format!("{SUM}\ta\n"), malformed, "control character"),
        (format!(" {SUM}  a\n"), malformed, "neither a blank"),
        (format!("{SUM}  a\r\n"), malformed, "carriage return"),
        (format!("{SUM}  a\0\n"), malformed, "control character"),
        ("# x\r\n".into(), malformed, "carriage return"),
        (format!("{}g  a\n", &SUM[1..]), malformed, "no hexadecimal"),
        (two(&good, "words"), malformed, "line 2:"),
        (format!("SHA256(a)= {SUM}\n"), malformed, "neither"),
        (format!("SHA256 (a) =  {SUM}\n"), malformed, "hexadecimal"),
        (
            format!("BLAKE2b (a) = {SUM}\n"),
            malformed,
            "neither a blank",
        ),
        (format!("\\{SUM}  a\n"), malformed, "no escape"),
        (format!("\\{SUM}  a\\tb\n"), malformed, "coreutils has not"),
        (format!("\\{SUM}  a\\\n"), malformed, "coreutils has not"),
        (
            format!("{MD5}  a\n"),
            codes::SUMS_MIXED,
            "no SHA-256 digest",
        ),
        (format!("{SUM}00  a\n"), codes::SUMS_MIXED, "no SHA-256"),
        (
            two(&good, &format!("{MD5}  b")),
            codes::SUMS_MIXED,
            "line 2",
        ),
        (
            format!("SHA3-256 (a) = {SUM}\n"),
            codes::SUMS_MIXED,
            "SHA-256",
        ),
        (format!("MD5 (a) = {MD5}\n"), codes::SUMS_MIXED, "SHA-256"),
        (
            two(&good, &good),
            codes::SUMS_DUPLICATE,
            "a is listed twice",
        ),
        (
            two(&good, &format!("{SUM} *./a")),
            codes::SUMS_DUPLICATE,
            "twice",
        ),
        (format!("{SUM}  ../a\n"), unsafe_path, "climbs"),
        (format!("{SUM}  /etc/passwd\n"), unsafe_path, "absolute"),
        (format!("{SUM}  a/./b\n"), unsafe_path, "component"),
        (format!("{SUM}  \n"), unsafe_path, "empty"),
        (format!("{SUM}  a\\b\n"), unsafe_path, "backslash"),
        (format!("\\{SUM}  a\\\\b\n"), unsafe_path, "backslash"),
        (
            format!("\\{SUM}  a\\nb\n"),
            unsafe_path,
            "control character",
        ),
        (
            format!("\\SHA256 (a\\nb) = {SUM}\n"),
            unsafe_path,
            "control",
        ),
    ];
    for (text, code, words) in cases {
        let finding = parse(&text).expect_err(&text);
        assert_eq!(finding.code, code, "{text:?}: {finding:?}");
        assert!(finding.detail.contains(words), "{text:?}: {finding:?}");
        assert_eq!(finding.subject, "SHA256SUMS");
    }
    let named = Named::Algorithm(DigestAlgorithm::Sha256);
    assert_eq!(parse_as(b"\xff  a\n", named).unwrap_err().code, malformed);
}

#[test]
fn a_list_that_names_no_algorithm_keeps_to_its_first() {
    let list = |text: String| parse_as(text.as_bytes(), Named::List);
    for (text, algorithm) in [
        (format!("{SUM}  a\n"), DigestAlgorithm::Sha256),
        (format!("SHA3-256 (a) = {SUM}\n"), DigestAlgorithm::Sha3_256),
        (format!("{SUM}{SUM}  a\n"), DigestAlgorithm::Sha512),
        (format!("{MD5}  a\n"), DigestAlgorithm::Md5),
    ] {
        assert_eq!(list(text).unwrap().algorithm, algorithm);
    }
    for text in [
        format!("{MD5}  a\n{SUM}  a\n"),
        format!("SHA256 (a) = {SUM}\nSHA512 (a) = {SUM}{SUM}\n"),
        format!("{}  a\n", &SUM[1..]),
    ] {
        assert_eq!(list(text).unwrap_err().code, codes::SUMS_MIXED);
    }
}

#[test]
fn names_say_what_a_list_is() {
    let sha256 = Some(Named::Algorithm(DigestAlgorithm::Sha256));
    let sha512 = Some(Named::Algorithm(DigestAlgorithm::Sha512));
    for (name, expected) in [
        ("SHA256SUMS", sha256),
        ("sha256sum.txt", sha256),
        ("SHASUMS256.txt", sha256),
        ("tool_1.2_SHA256SUMS", sha256),
        ("SHA512SUMS", sha512),
        ("sha512sums.txt", sha512),
        ("MD5SUMS", Some(Named::Algorithm(DigestAlgorithm::Md5))),
        ("SHA1SUMS", Some(Named::Algorithm(DigestAlgorithm::Sha1))),
        ("CHECKSUM", Some(Named::List)),
        ("Fedora-Server-41-x86_64-CHECKSUM", Some(Named::List)),
        ("tool_1.2_checksums.txt", Some(Named::List)),
        ("mychecksums", None),
        ("SHA256SUMS.asc", None),
        ("a.sha256", None),
        ("SHA256SUMS.bak", None),
        ("", None),
    ] {
        assert_eq!(Named::of(name), expected, "{name}");
    }
    for algorithm in DigestAlgorithm::ALL {
        let named = Named::of(&file_name(algorithm));
        assert_eq!(named, Some(Named::Algorithm(algorithm)));
    }
}

proptest! {
    #[test]
    fn nonsense_never_panics(text in r"([0-9a-f]{64}|  | \*|SHA256 \(|\) = |[a-z/.]|\\|#|\n|\r){0,20}") {
        let _ = parse(&text);
        let _ = parse_as(text.as_bytes(), Named::List);
    }

    #[test]
    fn every_list_is_read_back(names in proptest::collection::btree_set("[a-z ()=*]{1,12}", 1..6)) {
        let mut digests = Digests::new();
        digests.insert_hex(DigestAlgorithm::Sha256, SUM).unwrap();
        let files = names.iter().map(|name| (SafePath::new(name).unwrap(), digests.clone()));
        let sums = Sums { algorithm: DigestAlgorithm::Sha256, files: files.collect() };
        for form in [Form::Plain, Form::Tagged] {
            prop_assert_eq!(&parse(&sums.write(form)).unwrap(), &sums);
        }
    }
}
