use super::*;

fn source() -> Source {
    Source {
        types: vec![SourceType::Deb],
        uris: vec!["https://deb.test.invalid/debian".into()],
        suites: vec!["stable".into()],
        components: vec!["main".into(), "updates/main".into()],
        architectures: vec!["amd64".into(), "arm64".into()],
        signed_by: SignedBy::Named {
            files: vec!["/etc/apt/keyrings/test.gpg".into()],
            fingerprints: Vec::new(),
        },
        enabled: Enabled::Yes,
    }
}

fn block() -> String {
    let key = pkgseal_testkit::keys::load("good");
    String::from_utf8(key.certificate().to_vec()).unwrap()
}

#[test]
fn deb822_reads_back() {
    let inline = SignedBy::Inline(block());
    let pinned = SignedBy::Named {
        files: vec!["/a.gpg".into(), "/b.asc".into()],
        fingerprints: vec![Pinned {
            fingerprint: Fingerprint::parse(&"A".repeat(40)).unwrap(),
            exact: true,
        }],
    };
    for signed_by in [source().signed_by, inline, pinned, SignedBy::Anyone] {
        for enabled in [Enabled::Yes, Enabled::No] {
            let source = Source {
                signed_by: signed_by.clone(),
                enabled,
                types: vec![SourceType::Deb, SourceType::DebSrc],
                ..source()
            };
            let text = source.deb822();
            assert_eq!(read_deb822(text.as_bytes()).unwrap(), [source], "{text}");
        }
    }
}

#[test]
fn one_line_reads_back() {
    let flat = Source {
        uris: vec!["file:/srv/repository".into()],
        suites: vec!["./".into()],
        components: Vec::new(),
        architectures: Vec::new(),
        ..source()
    };
    for source in [source(), flat] {
        let text = source.one_line().unwrap();
        assert_eq!(read_one_line(text.as_bytes()).unwrap(), [source], "{text}");
    }
}

#[test]
fn one_line_cannot_say_everything() {
    let inline = Source {
        signed_by: SignedBy::Inline(block()),
        ..source()
    };
    assert_eq!(inline.one_line(), None);
    let off = Source {
        enabled: Enabled::No,
        ..source()
    };
    assert_eq!(off.one_line(), None);
}

#[test]
fn uris_that_are_refused() {
    for uri in [
        "",
        "deb.test.invalid",
        "/srv/debian",
        "gopher://deb.test.invalid/",
        "cdrom:[Debian]/",
        "https:deb.test.invalid",
        "https://",
        "https:///debian",
        "https://user:secret@deb.test.invalid/",
        "https://deb.test.invalid/a b",
        "https://deb.test.invalid/\nSigned-By: /tmp/evil.gpg",
        "https://deb.test.invalid/\r",
        "https://deb.test.invalid/\u{1b}[31m",
        "https://deb.test.invalid/[trusted=yes]",
        "https://deb.test.invalid/#x",
        "https://deb.test.invalid/?x",
        "https://deb.test.invalid/a/../../b",
        "https://d\u{e9}b.test.invalid/",
        "file:srv",
        "file:../srv",
    ] {
        let source = Source {
            uris: vec![uri.into()],
            ..source()
        };
        let finding = source.check().unwrap_err();
        assert_eq!(finding.code.id, "apt.sources.value", "{uri:?}");
    }
    let long = Source {
        uris: vec![format!("https://deb.test.invalid/{}", "x".repeat(5000))],
        ..source()
    };
    assert!(long.check().is_err());
}

#[test]
fn other_values_that_are_refused() {
    type Change = fn(&mut Source);
    let changes: [(&str, Change); 19] = [
        ("no type", |s| s.types.clear()),
        ("no URI", |s| s.uris.clear()),
        ("no suite", |s| s.suites.clear()),
        ("no component", |s| s.components.clear()),
        ("components of a folder", |s| s.suites = vec!["./".into()]),
        ("a suite with a blank", |s| s.suites = vec!["a b".into()]),
        ("a suite with a line end", |s| {
            s.suites = vec!["a\nb".into()]
        }),
        ("an absolute suite", |s| s.suites = vec!["/etc".into()]),
        ("a suite that climbs", |s| s.suites = vec!["../x".into()]),
        ("a suite of options", |s| {
            s.suites = vec!["[trusted=yes]".into()]
        }),
        ("a component that climbs", |s| {
            s.components = vec!["a/../b".into()]
        }),
        ("an option for a component", |s| {
            s.components = vec!["-o".into()]
        }),
        ("an empty component", |s| s.components = vec![String::new()]),
        ("an architecture with a comma", |s| {
            s.architectures = vec!["a,b".into()]
        }),
        ("a relative key file", |s| s.signed_by = file("keys/a.gpg")),
        ("a key file with a comma", |s| {
            s.signed_by = file("/a,b.gpg")
        }),
        ("a key file with a bracket", |s| {
            s.signed_by = file("/a].gpg")
        }),
        ("a key file with a blank", |s| {
            s.signed_by = file("/a b.gpg")
        }),
        ("a key file that climbs", |s| {
            s.signed_by = file("/a/../b.gpg")
        }),
    ];
    for (name, change) in changes {
        let mut source = source();
        change(&mut source);
        assert!(source.check().is_err(), "{name}");
    }
}

fn file(path: &str) -> SignedBy {
    SignedBy::Named {
        files: vec![path.into()],
        fingerprints: Vec::new(),
    }
}

#[test]
fn signers_that_are_refused() {
    let pin = |digits: usize| SignedBy::Named {
        files: Vec::new(),
        fingerprints: vec![Pinned {
            fingerprint: Fingerprint::parse(&"A".repeat(digits)).unwrap(),
            exact: false,
        }],
    };
    let check = |signed_by| {
        let source = Source {
            signed_by,
            ..source()
        };
        source.check()
    };
    assert!(check(pin(40)).is_ok());
    assert!(check(pin(64)).is_err(), "clients take no v6 fingerprint");
    let nobody = SignedBy::Named {
        files: Vec::new(),
        fingerprints: Vec::new(),
    };
    assert!(check(nobody).is_err());
    assert!(check(SignedBy::Inline(block())).is_ok());
    for (from, to) in [
        ("-----BEGIN PGP PUBLIC", "-----BEGIN PGP PRIVATE"),
        ("-----END PGP PUBLIC KEY BLOCK-----\n", ""),
        ("\n\n", "\n\u{1b}\n"),
        ("\n\n", "\n.\n"),
        ("\n\n", "\n \n"),
        ("\n\n", "\nComment: \u{e9}\n\n"),
    ] {
        let block = block();
        assert!(block.contains(from));
        let changed = block.replacen(from, to, 1);
        assert!(check(SignedBy::Inline(changed)).is_err(), "{from:?} {to:?}");
    }
}

#[test]
fn deb822_that_is_refused() {
    let good = "Types: deb\nURIs: https://a.invalid\nSuites: s\nComponents: main\n";
    assert_eq!(read_deb822(good.as_bytes()).unwrap().len(), 1);
    let two = format!("# a comment\n{good}\n{good}");
    assert_eq!(read_deb822(two.as_bytes()).unwrap().len(), 2);
    for text in [
        format!("{good}Types: deb\n"),
        format!("{good}types: deb\n"),
        format!("{good}Trusted: yes\n"),
        format!("{good}nonsense\n"),
        format!("{good} \n"),
        format!("{good}Signed-By: keys/a.gpg\n"),
        format!("{good}Signed-By: 0123456789ABCDEF\n"),
        format!("{good}Signed-By:\n"),
        format!("{good}Enabled: perhaps\n"),
        format!("{good}\u{1b}\n"),
        format!(" {good}"),
        good.replace("deb\n", "rpm\n"),
        good.replace("Suites: s\n", ""),
        good.replace("Components: main\n", ""),
        good.replace("URIs:", "URIs :"),
        good.replace('\n', "\r"),
    ] {
        assert!(read_deb822(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(read_deb822(b"Types: \xff\n").is_err());
    assert!(read_deb822(&vec![b'#'; (1 << 20) + 1]).is_err());
}

#[test]
fn one_line_that_is_refused() {
    let good = "deb [arch=amd64 signed-by=/a.gpg] https://a.invalid s main\n";
    assert_eq!(read_one_line(good.as_bytes()).unwrap().len(), 1);
    assert!(read_one_line(b"# nothing\n\n").unwrap().is_empty());
    for text in [
        "deb\n",
        "rpm https://a.invalid s main\n",
        "deb https://a.invalid\n",
        "deb https://a.invalid s\n",
        "deb [arch=amd64 https://a.invalid s main\n",
        "deb [trusted=yes] https://a.invalid s main\n",
        "deb [arch] https://a.invalid s main\n",
        "deb [arch=a arch=b] https://a.invalid s main\n",
        "deb [signed-by=a.gpg] https://a.invalid s main\n",
        "deb [signed-by=] https://a.invalid s main\n",
        "deb https://a.invalid s main # comment\n",
        "deb https://a.invalid s main [trusted=yes]\n",
    ] {
        assert!(read_one_line(text.as_bytes()).is_err(), "{text:?}");
    }
}

#[test]
fn entries_that_apt_refuses_together() {
    let other = Source {
        uris: vec!["https://deb.test.invalid/debian/".into()],
        signed_by: file("/other.gpg"),
        ..source()
    };
    let found = conflicts(&[source(), other.clone()]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code.id, "apt.sources.conflict");
    let elsewhere = Source {
        suites: vec!["testing".into()],
        ..other.clone()
    };
    let unset = Source {
        signed_by: SignedBy::Anyone,
        ..other.clone()
    };
    let off = Source {
        enabled: Enabled::No,
        ..other
    };
    for fits in [source(), elsewhere, unset, off] {
        assert!(conflicts(&[source(), fits]).is_empty());
    }
}
