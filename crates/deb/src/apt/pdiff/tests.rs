use pkgseal_openpgp::Verified;

use super::*;

const PATH: &str = "dists/s/main/binary-amd64/Packages.diff/Index";

fn listed(size: u64, digit: &str) -> Listed {
    let mut digests = Digests::new();
    let hex = digit.repeat(64);
    digests.insert_hex(DigestAlgorithm::Sha256, &hex).unwrap();
    Listed { size, digests }
}

fn run(text: &str) -> Result<(Vec<Family>, Vec<Finding>), Box<Finding>> {
    let path = SafePath::new(PATH).unwrap();
    let index = Family {
        stem: path.clone(),
        kind: Kind::Other,
        variants: Vec::new(),
        wanted: true,
        listed_by: "dists/s/InRelease".into(),
        seal: Verified::danger_unverified(()),
    };
    let limits = Limits {
        entries: 3,
        line: 200,
        ..Limits::default()
    };
    let current = listed(10, "1");
    read(text.as_bytes(), &index, Some(&current), &path, &limits)
}

fn index() -> String {
    let hex = |digit: &str| digit.repeat(64);
    format!(
        "SHA256-Current: {} 10\nSHA256-History:\n {} 9 one\nSHA256-Patches:\n {} 5 one\n\
         SHA256-Download:\n {} 4 one.gz\nX-Patch-Precedence: merged\n",
        hex("1"),
        hex("2"),
        hex("3"),
        hex("4")
    )
}

#[test]
fn patches_are_found_in_their_folder() {
    let (families, findings) = run(&index()).unwrap();
    assert!(findings.is_empty());
    let [family] = families.as_slice() else {
        panic!("{families:?}");
    };
    let paths: Vec<_> = family.variants.iter().map(|v| v.path.as_str()).collect();
    let folder = "dists/s/main/binary-amd64/Packages.diff";
    assert_eq!(paths, [format!("{folder}/one"), format!("{folder}/one.gz")]);
    assert_eq!(family.variants[0].listed, listed(5, "3"));
    assert_eq!(family.variants[1].listed, listed(4, "4"));
}

#[test]
fn patches_to_another_index_are_rejected() {
    for text in [
        index().replace(
            &format!("{} 10", "1".repeat(64)),
            &format!("{} 10", "5".repeat(64)),
        ),
        index().replace(" 10\n", " 11\n"),
    ] {
        let (_, findings) = run(&text).unwrap();
        assert_eq!(findings[0].code.id, "apt.pdiff.current", "{text}");
    }
}

#[test]
fn what_readers_read_differently_is_rejected() {
    let index = index();
    let line = format!(" {} 5 one\n", "3".repeat(64));
    for text in [
        index.replace("SHA256-History", "SHA256-Patches"),
        index.replace("SHA256-History", "sha256-patches"),
        index.replace("SHA256-History:\n", "\nSHA256-History:\n"),
        index.replace("SHA256-Patches:", "X:"),
        index.replace(&line, &line.repeat(2)),
        index.replace(" 5 one", " five one"),
        index.replace(" 5 one", " one"),
        index.replace(" 5 one", " 5 ../one"),
        index.replace(" 5 one", " 5 one two"),
        index.replace(" 5 one", " 5 two"),
        index.replace("one.gz", "two.gz"),
        index.replace("333", "xyz"),
        index.replace(" 10\n", "\n"),
        format!(" x\n{index}"),
        format!("{index}SHA1-Current: {} 11\n", "1".repeat(40)),
        format!("{index}SHA1-Patches:\n {} 6 one\n", "1".repeat(40)),
        format!("{index}X: {}\n", "x".repeat(200)),
        index.replace(
            &line,
            &(0..5)
                .map(|n| format!(" {} 5 {n}\n", "3".repeat(64)))
                .collect::<String>(),
        ),
    ] {
        let found = run(&text).map(|_| ()).unwrap_err();
        assert_eq!(found.code.id, "apt.pdiff.malformed", "{text}");
    }
}
