use proptest::prelude::*;

use super::*;
use crate::Coordinates;

const A: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const B: &str = "89ABCDEF0123456789ABCDEF0123456789ABCDEF";

fn real() -> Option<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors/maven/pgp-keys-map.list"
    );
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(_) => {
            println!("SKIP: the public keysmap is not here");
            None
        }
    }
}

#[test]
fn the_public_keysmap_is_read_without_loss() {
    let Some(text) = real() else { return };
    let map = Keysmap::parse(&text).unwrap();
    assert_eq!(map.source(), text);
    assert_eq!(map.entries().count(), 572);
    let trust = map.trust();
    // One more stands in a comment.
    assert_eq!(trust.fingerprints().len(), 475);
    assert!(text.contains("# was signed by 0x7F47B049D502F6E82C3AD35F9FF2FD540E29F945"));
    let unsigned = trust
        .rules
        .iter()
        .filter(|rule| rule.allows == [Allow::NoSignature]);
    assert_eq!(unsigned.count(), 188);
    let ranges = trust
        .rules
        .iter()
        .filter(|rule| matches!(rule.pattern.versions, Versions::Range(_)));
    assert_eq!(ranges.count(), 82);
    let (written, lost) = write(&trust);
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(Keysmap::parse(&written).unwrap().trust(), trust);
}

fn of(group: &str, artifact: &str, extension: &str, version: &str) -> Coordinates {
    Coordinates {
        group: group.to_owned(),
        artifact: artifact.to_owned(),
        version: version.to_owned(),
        classifier: None,
        extension: extension.to_owned(),
    }
}

#[test]
fn the_public_keysmap_means_what_it_says() {
    let Some(text) = real() else { return };
    let trust = Keysmap::parse(&text).unwrap().trust();
    let allows = |found: &Coordinates| trust.allows(found).cloned().collect::<Vec<_>>();
    assert_eq!(
        allows(&of("antlr", "antlr", "jar", "2.7")),
        [Allow::NoSignature]
    );
    assert_eq!(
        allows(&of("cglib", "cglib", "jar", "3.1")),
        [Allow::Key(
            "E78AA45938D10249E08CC1C752E6585E0102B84D".to_owned()
        )]
    );
    assert_eq!(allows(&of("commons-cli", "x", "pom", "1.1")).len(), 2);
    assert_eq!(allows(&of("commons-cli", "x", "jar", "1.1")).len(), 1);
    assert_eq!(
        allows(&of("com.fasterxml.jackson.core", "x", "jar", "1")).len(),
        5
    );
    let all = allows(&of("io.vavr", "vavr", "jar", "0.10.5"));
    assert_eq!((all.len(), all.contains(&Allow::MissingKey)), (4, true));
    assert_eq!(allows(&of("io.vavr", "vavr", "jar", "0.10.6")).len(), 3);
    assert!(allows(&of("nobody.knows", "x", "jar", "1")).is_empty());
}

#[test]
fn the_whole_grammar_is_read() {
    let text = format!(
        "# a comment\n\n\
         org.example = 0x{A} # why\n\
         Org.Example:Lib = 0x{}, !0x{B}\n\
         org.example:lib:pom = noSig\n\
         org.example:lib:1.0 = *\n\
         org.example:lib:jar:[1,2) = any, badSig, noKey\n\
         org.example:*:~1\\.[0-9]+ = NOSIG\n\
         org.example:*:!~.*-RC[0-9] = \\\n   0x{A}, \\\n   0x{B}\n\
         org.example.* = 0x0123456789ABCDEF\n\
         org.*ample:lib-* = 0X{A}\n\
         org.example:lib:jar:sources:1.0 = 0x{A}\n",
        "0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567"
    );
    let map = Keysmap::parse(&text).unwrap();
    assert_eq!(map.source(), text);
    let rules = map.trust().rules;
    assert_eq!(rules.len(), 10);
    assert_eq!(
        rules[9].pattern.classifier,
        Text::Glob("sources".to_owned())
    );
    assert_eq!(rules[0].pattern.group, Text::Glob("org.example".to_owned()));
    assert_eq!(
        rules[1].allows,
        [Allow::Key(A.to_owned()), Allow::RevokedKey(B.to_owned())]
    );
    assert_eq!(rules[1].pattern.artifact, Text::Glob("lib".to_owned()));
    assert_eq!(rules[2].pattern.packaging, Text::Glob("pom".to_owned()));
    assert_eq!(rules[3].pattern.versions, Versions::Equal("1.0".to_owned()));
    assert_eq!(
        rules[4].pattern.versions,
        Versions::Range("[1,2)".to_owned())
    );
    assert_eq!(
        rules[4].allows,
        [Allow::AnyKey, Allow::BadSignature, Allow::MissingKey]
    );
    assert_eq!(
        rules[5].pattern.versions,
        Versions::Regex("1\\.[0-9]+".to_owned())
    );
    assert_eq!(
        rules[6].pattern.versions,
        Versions::NotRegex(".*-RC[0-9]".to_owned())
    );
    assert_eq!(rules[6].allows.len(), 2);
    assert_eq!(
        rules[7].pattern.group,
        Text::Below("org.example".to_owned())
    );
    let lines: Vec<usize> = map.entries().map(|entry| entry.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9, 12, 13, 14]);
    // A key ID is kept, and identifies nobody.
    assert_eq!(map.trust().fingerprints().len(), 2);
    let (written, lost) = write(&map.trust());
    assert_eq!(lost, []);
    assert_eq!(
        Keysmap::parse(&written).unwrap().trust(),
        map.trust(),
        "{written}"
    );
}

#[test]
fn what_is_no_keysmap_is_refused_with_its_line() {
    for (text, words) in [
        ("\norg.example", "no = in it"),
        ("\norg.example =", "nothing stands behind"),
        ("\n= noSig", "nothing stands before"),
        ("\norg.example = maybe", "maybe is neither"),
        ("\norg.example = 0x", "no fingerprint"),
        ("\norg.example = 0xABCD", "no fingerprint"),
        (
            "\norg.example = 0xG123456789ABCDEF0123456789ABCDEF01234567",
            "no fingerprint",
        ),
        ("\norg.example = noSig, \u{e9}", "is neither"),
        ("\norg.example:lib:[1,2 = noSig", "no range"),
        ("\norg.example:lib:[2,1] = noSig", "no range"),
        ("\norg.example:lib:~( = noSig", "cannot be read"),
        ("\na:b:c:d:1:e = noSig", "more than five parts"),
    ] {
        let finding = Keysmap::parse(text).unwrap_err();
        assert!(finding.detail.contains(words), "{text}: {finding:?}");
        assert_eq!(finding.subject, "line 2");
    }
}

#[test]
fn what_a_keysmap_cannot_say_is_told() {
    let rule = |pattern: Pattern, allow: Allow| Trust {
        rules: vec![Rule {
            pattern,
            allows: vec![allow],
        }],
        ..Trust::default()
    };
    let everything = Pattern::everything;
    for trust in [
        rule(
            Pattern {
                file: Text::Exact("lib.jar".to_owned()),
                ..everything()
            },
            Allow::AnyKey,
        ),
        rule(
            Pattern {
                group: Text::Regex("a+".to_owned()),
                ..everything()
            },
            Allow::AnyKey,
        ),
        rule(
            Pattern {
                group: Text::Exact("a*".to_owned()),
                ..everything()
            },
            Allow::AnyKey,
        ),
        rule(
            Pattern {
                versions: Versions::Regex("a#".to_owned()),
                ..everything()
            },
            Allow::AnyKey,
        ),
        rule(everything(), Allow::Unchecked),
    ] {
        let (text, lost) = write(&trust);
        assert_eq!((text.as_str(), lost.len()), ("", 1), "{trust:?}");
    }
}

proptest! {
    #[test]
    fn what_is_read_is_kept(text in r"([a-z.:*~!,=# \\\n]|0x0123456789ABCDEF|noSig|\[1,2\)|é){0,60}") {
        if let Ok(map) = Keysmap::parse(&text) {
            prop_assert_eq!(map.source(), text);
            let (written, lost) = write(&map.trust());
            if lost.is_empty() {
                let again = Keysmap::parse(&written).unwrap();
                prop_assert_eq!(again.trust(), map.trust());
            }
        }
    }
}
