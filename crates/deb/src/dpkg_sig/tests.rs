use pkgseal_repo::{Compression, Severity};
use proptest::prelude::*;

use super::*;

const MD5: &str = "00112233445566778899aabbccddeeff";
const SHA1: &str = "00112233445566778899aabbccddeeff00112233";

fn good() -> String {
    format!(
        "Version: 4\nSigner: A <a@b>\nDate: Tue Jun 25 08:43:07 2024\nRole: builder\nFiles:\n\
         \t{MD5} {SHA1} 4 debian-binary\n\t{MD5} {SHA1} 100 control.tar.xz\n\t{MD5} {SHA1} 1000 data.tar.xz\n"
    )
}

fn member(name: &str, kind: Kind, size: u64) -> Member {
    Member {
        name: name.to_owned(),
        kind,
        offset: 68,
        size,
    }
}

fn members() -> [Member; 3] {
    [
        member("debian-binary", Kind::Format, 4),
        member("control.tar.xz", Kind::Control(Compression::Xz), 100),
        member("data.tar.xz", Kind::Data(Compression::Xz), 1000),
    ]
}

/// Codes of what rejects, then of what warns.
fn found(text: &str, holder: &str) -> Vec<(bool, &'static str)> {
    let mut digests = Digests::new();
    digests.insert_hex(DigestAlgorithm::Md5, MD5).unwrap();
    digests.insert_hex(DigestAlgorithm::Sha1, SHA1).unwrap();
    let digests = [digests.clone(), digests.clone(), digests];
    let text = Verified::danger_unverified(text.as_bytes().to_vec());
    compare(&text, holder, "x.deb", &members(), &digests)
        .iter()
        .map(|finding| (finding.severity == Severity::Reject, finding.code.id))
        .collect()
}

fn codes_of(text: &str) -> Vec<(bool, &'static str)> {
    found(text, "_gpgbuilder")
}

#[test]
fn dpkg_sigs_own_form_is_good() {
    assert_eq!(codes_of(&good()), []);
    assert_eq!(found(&good(), "_gpgbuilder1"), []);
}

#[test]
fn every_quirk_has_its_code() {
    let bytes = |hex: &str| {
        let numbers: Vec<String> = (0..hex.len() / 2)
            .map(|at| {
                u8::from_str_radix(&hex[2 * at..2 * at + 2], 16)
                    .unwrap()
                    .to_string()
            })
            .collect();
        format!("[{}]", numbers.join(" "))
    };
    for (text, code) in [
        (
            format!("Hash: SHA1\n\n{}", good()),
            "deb.dpkg-sig.hash-line",
        ),
        (
            good().replace("data.tar.xz", "data.tar.gz"),
            "deb.dpkg-sig.member-name",
        ),
        (
            good().replace("data.tar.xz", "data.tar.xz/"),
            "deb.dpkg-sig.slash",
        ),
        (
            good()
                .replace(SHA1, &bytes(SHA1))
                .replace(&format!("\t{MD5}"), &bytes(MD5)),
            "deb.dpkg-sig.byte-array",
        ),
    ] {
        assert_eq!(codes_of(&text), [(false, code)], "{text}");
    }
}

#[test]
fn what_differs_is_found() {
    for (from, to) in [
        (
            format!("{MD5} {SHA1} 1000"),
            format!("{} {SHA1} 1000", MD5.replace('f', "0")),
        ),
        (
            format!("{MD5} {SHA1} 1000"),
            format!("{MD5} {} 1000", SHA1.replace('f', "0")),
        ),
        (" 1000 ".to_owned(), " 1001 ".to_owned()),
        ("data.tar.xz".to_owned(), "data.tar.zst".to_owned()),
        ("control.tar.xz".to_owned(), "control.tar.gz".to_owned()),
        (
            format!("\t{MD5} {SHA1} 100 control.tar.xz\n"),
            String::new(),
        ),
        (
            format!("\t{MD5} {SHA1} 4 debian-binary\n"),
            format!("\t{MD5} {SHA1} 4 debian-binary\n\t{MD5} {SHA1} 4 debian-binary\n"),
        ),
        (
            "Files:\n".to_owned(),
            format!("Files:\n\t{MD5} {SHA1} 4 extra\n"),
        ),
    ] {
        let text = good().replacen(&from, &to, 1);
        assert_ne!(text, good());
        let codes = codes_of(&text);
        assert!(!codes.is_empty(), "{text}");
        for (rejects, code) in codes {
            assert!(rejects && code == "deb.dpkg-sig.mismatch", "{code}: {text}");
        }
    }
}

#[test]
fn another_form_is_malformed() {
    for (from, to) in [
        ("Version: 4", "Version: 3"),
        ("Version: 4\n", ""),
        ("Version: 4\n", "Version: 4\nVersion: 4\n"),
        ("Role: builder\n", ""),
        ("Role: builder", "Role: "),
        ("Role: builder", "Role: ../x"),
        ("Role: builder", "Role: origin"),
        ("Signer:", "Sealer:"),
        ("Files:\n", ""),
        ("Files:", "Files: x"),
        (MD5, "00"),
        (MD5, "[1 2 3]"),
        (MD5, "[256 2 3]"),
        (SHA1, "zz"),
        (" 4 ", " +4 "),
        (" 4 ", "  4 "),
        (" 4 ", " 99999999999999999999999 "),
        ("debian-binary", "debian binary"),
        ("debian-binary\n", "debian-binary\n\n"),
    ] {
        let text = good().replacen(from, to, 1);
        assert_ne!(text, good());
        assert_eq!(
            codes_of(&text)[0],
            (true, "deb.dpkg-sig.malformed"),
            "{text}"
        );
    }
    assert_eq!(
        found(&good(), "_gpgorigin")[0],
        (true, "deb.dpkg-sig.malformed")
    );
    let many = format!("\t{MD5} {SHA1} 4 extra\n").repeat(20);
    assert_eq!(
        codes_of(&format!("{}{many}", good())),
        [(true, "deb.dpkg-sig.malformed")]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// No change of one character makes the list bind something else.
    #[test]
    fn damage_is_found_or_changes_nothing_that_counts(at in any::<prop::sample::Index>(), with in "[ -~]") {
        let text = good();
        let at = at.index(text.len());
        let changed = format!("{}{with}{}", &text[..at], &text[at + 1..]);
        let head = text.find("Role").unwrap();
        if at > head && changed != text && changed.to_lowercase() != text {
            let same = parse(&Verified::danger_unverified(changed.clone().into_bytes()))
                == parse(&Verified::danger_unverified(text.into_bytes()));
            prop_assert!(same || !codes_of(&changed).is_empty(), "{}", changed);
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "(Version: 4\nRole: builder\nFiles:\n)?[\\PC\n\t]{0,200}") {
        let _ = codes_of(&text);
    }
}
