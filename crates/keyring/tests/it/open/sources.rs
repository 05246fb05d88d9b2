//! `Signed-By` of .sources files.

use super::*;

fn inline(key: &TestKey) -> String {
    let text = String::from_utf8(key.certificate().to_vec()).unwrap();
    text.lines()
        .map(|line| {
            if line.is_empty() {
                " .\n".to_owned()
            } else {
                format!(" {line}\n")
            }
        })
        .collect()
}

#[test]
fn an_inline_block_is_read() {
    let text = format!(
        "# a comment\nTypes: deb\nURIs: https://example.org/debian\nSuites: stable\n\
         Components: main\nSigned-By:\n{}\nTypes: deb\nURIs: https://x\nSigned-by:\n{}",
        inline(&good()),
        inline(&stranger())
    );
    for name in ["x.sources", "pasted.txt"] {
        let loaded = read_bytes(name, &text);
        assert_eq!(names(&loaded), sorted(&[&good(), &stranger()]));
        assert_eq!(loaded.findings, []);
        assert_eq!(loaded.sources[0].form, Form::Inline);
    }
}

#[test]
fn a_disabled_entry_is_left_out() {
    let text = format!("Types: deb\nEnabled: no\nSigned-By:\n{}", inline(&good()));
    let loaded = read_bytes("x.sources", text);
    assert!(loaded.certificates.is_empty());
}

#[test]
fn a_path_is_followed_and_fingerprints_restrict_it() {
    let folder = Folder::new();
    let both = [good().certificate_binary(), stranger().certificate_binary()].concat();
    let keyring = folder.put("both.gpg", both);
    let keyring = keyring.display();
    let all = folder.put("all.sources", format!("Types: deb\nSigned-By: {keyring}\n"));
    assert_eq!(read(&all).certificates.len(), 2);

    let fingerprint = good().fingerprint();
    for pin in [
        fingerprint.clone(),
        format!("{fingerprint}!"),
        fingerprint.to_lowercase(),
    ] {
        let text = format!("Types: deb\nSigned-By: {keyring}, {pin}\n");
        let loaded = read(&folder.put("one.sources", text));
        assert_eq!(names(&loaded), sorted(&[&good()]), "{pin}");
        assert_eq!(finding(&loaded).1, Severity::Note);
    }
    let text = format!("deb [arch=amd64 signed-by={keyring}] https://x stable main\n");
    let loaded = read(&folder.put("one.list", format!("# deb\n\n{text}deb https://y z\n")));
    assert_eq!(loaded.certificates.len(), 2);
    assert_eq!(loaded.findings, []);
    let text = format!("[repo]\nbaseurl=https://x\ngpgkey=file://{keyring}\n  https://x/key\n");
    let loaded = read(&folder.put("x.repo", text));
    assert_eq!(loaded.certificates.len(), 2);
    assert_eq!(
        finding(&loaded),
        (
            "keyring.reference",
            Severity::Note,
            "line 4: https://x/key is not fetched"
        )
    );
}

#[test]
fn an_entry_that_leads_nowhere_says_so_with_its_line() {
    let other = keys::load("young").fingerprint();
    let folder = Folder::new();
    let keyring = folder.put("k.gpg", good().certificate_binary());
    let keyring = keyring.display();
    for (value, expected) in [
        (
            "/nowhere/x.gpg".to_owned(),
            "line 2: /nowhere/x.gpg is not a file",
        ),
        ("relative.gpg".to_owned(), "line 2: relative.gpg is neither"),
        (
            "DB778909C6CE3ED6".to_owned(),
            "line 2: DB778909C6CE3ED6 is neither",
        ),
        (other.clone(), "line 2: fingerprints only"),
        (format!("{keyring} {other}"), "line 2: no certificate"),
        (
            "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n AAAA\n".to_owned(),
            "part 1",
        ),
    ] {
        let path = folder.put("x.sources", format!("Types: deb\nSigned-By: {value}\n"));
        let loaded = read(&path);
        assert!(loaded.certificates.is_empty(), "{value}");
        let found = loaded.findings.iter().find(|f| f.detail.contains(expected));
        assert!(found.is_some(), "{value}: {:#?}", loaded.findings);
        assert_eq!(loaded.findings[0].severity, Severity::Undecided, "{value}");
    }
    let loaded = read(&folder.put("x.list", "deb [signed-by=/nowhere] https://x y\n"));
    assert_eq!(finding(&loaded).2, "line 1: /nowhere is not a file");
}

#[test]
fn references_are_followed_once() {
    let folder = Folder::new();
    let path = folder.path().join("x.sources");
    fs::write(
        &path,
        format!("Types: deb\nSigned-By: {}\n", path.display()),
    )
    .unwrap();
    let loaded = read(&path);
    assert!(loaded.certificates.is_empty());
    assert_eq!(finding(&loaded).0, "keyring.no-certificate");
}
