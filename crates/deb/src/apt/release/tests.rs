use proptest::prelude::*;

use super::*;

fn parse(text: &[u8]) -> Result<Release, Box<Finding>> {
    let text = Verified::danger_unverified(text.to_vec());
    Release::parse(text, "Release", &Limits::default()).map(Verified::into_inner)
}

fn text() -> String {
    format!(
        "Suite: stable\nDate: Sat, 01 Mar 2025 00:00:00 UTC\nAcquire-By-Hash: yes\n\
         Signed-By:\n one\n two\nSHA256:\n {} 12 main/Contents-amd64\n\t{}\t3   a\n",
        "0".repeat(64),
        "1".repeat(64),
    )
}

#[test]
fn reads_fields_and_files() {
    let release = parse(text().as_bytes()).unwrap();
    assert_eq!(release.field("Suite"), Some("stable"));
    assert_eq!(release.field("Signed-By"), Some("\none\ntwo"));
    assert_eq!(release.field("suite"), None);
    assert!(release.by_hash());
    assert_eq!(release.files.len(), 2);
    assert_eq!(release.files[&SafePath::new("a").unwrap()].size, 3);
}

#[test]
fn control_characters_reject() {
    for evil in [
        "\0",
        "\r",
        "\u{b}",
        "\u{c}",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{85}",
        "\u{9b}",
    ] {
        let text = text().replace("stable", &format!("sta{evil}ble"));
        let finding = parse(text.as_bytes()).unwrap_err();
        assert_eq!(finding.code, codes::RELEASE_MALFORMED, "{evil:?}");
    }
    let finding = parse(b"Suite: \xff\n").unwrap_err();
    assert_eq!(finding.detail, "byte 7 is not UTF-8");
}

#[test]
fn a_thousand_fields_are_too_many() {
    let mut text = text();
    for number in 0..1000 {
        text.push_str(&format!("X-{number}: x\n"));
    }
    assert_eq!(
        parse(text.as_bytes()).unwrap_err().code,
        codes::RELEASE_MALFORMED
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&text);
    }

    #[test]
    fn arbitrary_lines_never_panic(more in
        "((Date|Valid-Until|SHA512|MD5Sum|x)?:? ?[A-Za-z0-9 ,:+./é-]{0,60}\n){0,10}"
    ) {
        let _ = parse(format!("{}{more}", text()).as_bytes());
        let _ = parse(format!("{more}{}", text()).as_bytes());
    }

    #[test]
    fn a_line_never_counts_twice(at in 0usize..8) {
        let text = text();
        let line = text.lines().nth(at % text.lines().count()).unwrap();
        let twice = text.replacen(line, &format!("{line}\n{line}"), 1);
        let once = parse(text.as_bytes()).unwrap();
        if let Ok(release) = parse(twice.as_bytes()) {
            prop_assert_eq!(release.files, once.files);
        }
    }
}
