//! Laws that a look at the sources can hold.

use std::path::{Path, PathBuf};

/// What may stand at the top of the repository. A newcomer needs a reason.
const TOP_LEVEL: &[&str] = &[
    ".cargo",
    ".ci",
    ".git",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "crates",
    "keyrings",
    "man",
    "target",
    "testdata",
];

/// Where bytes nobody verified are parsed: file below `crates/`, calls in it.
const UNVERIFIED: &[(&str, usize)] = &[
    // Whoever signs an index vouches for the bytes of every .dsc in it; who signed the
    // .dsc is another question, and not asked there.
    ("deb/src/apt/make/source.rs", 1),
    // Nobody vouches for what is only looked at.
    ("deb/src/apt/lint.rs", 1),
    ("rpm/src/lint/repository.rs", 1),
    // Signing reads what is not yet signed.
    ("deb/src/apt/publish/sealed.rs", 1),
    ("deb/src/upload/sign.rs", 1),
    ("rpm/src/yum/sign.rs", 2),
    // Metadata that is to be made anew or signed, and what was written without a key.
    ("rpm/src/yum/listing.rs", 1),
    ("rpm/src/yum/publish.rs", 2),
    ("rpm/src/yum/resign.rs", 1),
    ("maven/src/plain/sign.rs", 1),
    // A date, for the words about a signature that was rejected already.
    ("rpm/src/yum/stale.rs", 1),
    // A metalink vouches for these bytes by their digest, and who names one, for it.
    ("rpm/src/yum/tree.rs", 1),
    // A publisher's own POM, before anybody trusts it.
    ("maven/src/preflight/file.rs", 1),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Lines of what crates ship, without comments and tests: file below `crates/`, line
/// number, text.
fn shipped() -> Vec<(String, usize, String)> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(workspace().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let source = workspace().join("crates").join(&name).join("src");
        if name == "testkit" || name == "fuzz" || !source.is_dir() {
            continue;
        }
        for (path, content) in pkgseal_testkit::generate::read_tree(&source) {
            if !path.ends_with(".rs") || path.ends_with("tests.rs") || path.contains("/tests/") {
                continue;
            }
            let text = String::from_utf8(content).unwrap();
            // Unit tests end a file.
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            for (number, line) in text.lines().enumerate() {
                if !line.trim_start().starts_with("//") {
                    lines.push((format!("{name}/src/{path}"), number + 1, line.to_owned()));
                }
            }
        }
    }
    assert!(lines.len() > 1000, "the sources are found");
    lines
}

fn containing(words: &[&str]) -> Vec<(String, usize, String)> {
    shipped()
        .into_iter()
        .filter(|(_, _, line)| words.iter().any(|word| line.contains(word)))
        .collect()
}

#[test]
fn the_clock_is_read_once() {
    let found = containing(&["SystemTime::now", "Timestamp::now", "Zoned::now"]);
    let files: Vec<&str> = found.iter().map(|(file, _, _)| file.as_str()).collect();
    assert!(
        matches!(files[..], [file] if file.starts_with("cli/src/")),
        "time is an argument; the clock is read once, in cli: {found:?}"
    );
}

#[test]
fn libraries_print_nothing() {
    let macros = ["println!", "print!", "eprintln!", "eprint!", "dbg!"];
    let found: Vec<_> = containing(&macros)
        .into_iter()
        .filter(|(file, _, _)| !file.starts_with("cli/"))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn unverified_bytes_are_parsed_where_it_is_written_down() {
    let mut found = std::collections::BTreeMap::<String, usize>::new();
    for (file, _, line) in containing(&["danger_unverified("]) {
        if !line.contains("pub fn danger_unverified") {
            *found.entry(file).or_default() += 1;
        }
    }
    let known = UNVERIFIED
        .iter()
        .map(|(file, count)| ((*file).to_owned(), *count))
        .collect();
    assert_eq!(found, known, "list the place above, with its reason");
}

#[test]
fn no_work_is_left_open() {
    let words = ["todo!", "unimplemented!", "TODO", "FIXME", "XXX"];
    let found = containing(&words);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_top_level_is_bare() {
    for entry in std::fs::read_dir(workspace()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            TOP_LEVEL.contains(&name.as_str()),
            "{name} stands at the top level"
        );
    }
}
