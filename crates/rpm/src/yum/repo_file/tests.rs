use super::*;

fn entry() -> RepoFile {
    RepoFile {
        id: "example".to_owned(),
        title: "Example Packages for $releasever".to_owned(),
        place: Place::Base(vec![
            "https://example.org/el$releasever/$basearch/".to_owned(),
            "http://mirror.example.net:8080/example".to_owned(),
        ]),
        keys: vec!["file:///etc/pki/rpm-gpg/RPM-GPG-KEY-example".to_owned()],
    }
}

fn with(change: impl FnOnce(&mut RepoFile)) -> RepoFile {
    let mut entry = entry();
    change(&mut entry);
    entry
}

#[test]
fn what_is_written_reads_back() {
    for entry in [
        entry(),
        with(|e| {
            e.place = Place::Metalink("https://example.org/metalink?repo=x&arch=$basearch".into())
        }),
        with(|e| e.place = Place::MirrorList("https://example.org/mirrors".into())),
        with(|e| e.keys.push("https://example.org/RPM-GPG-KEY-next".into())),
    ] {
        entry.check().unwrap();
        assert_eq!(RepoFile::read(entry.text().as_bytes()), Ok(entry));
    }
}

/// Whatever could end a line, a list or a folder early.
#[test]
fn values_that_clients_read_otherwise_are_refused() {
    for id in [
        "",
        "main",
        "a b",
        "a]",
        "../a",
        ".a",
        "-a",
        "a/b",
        "ä",
        &"x".repeat(129),
    ] {
        assert!(with(|e| e.id = id.into()).check().is_err(), "{id:?}");
    }
    for title in [
        "",
        " a",
        "a ",
        "a\nb",
        "a\rgpgcheck=0",
        "a ; b",
        "a #b",
        "\u{1b}[2J",
    ] {
        assert!(
            with(|e| e.title = title.into()).check().is_err(),
            "{title:?}"
        );
    }
    for url in [
        "",
        "example.org/x",
        "/srv/x",
        "ssh://example.org/x",
        "https:///x",
        "https://user:secret@example.org/x",
        "https://example.org/a b",
        "https://example.org/a\nb",
        "https://example.org/a,b",
        "https://example.org/a;b",
        "https://example.org/a#b",
        "https://example.org/../x",
        "https://example.org/x/..",
        "https://example.org/%2e%2E/x",
        "https://example.org/a%2f..%2Fx",
        "https://example.org/x?path=/../y",
        "file://host/x",
        "file://",
        "https://example.org/ä",
    ] {
        let bases = with(|e| e.place = Place::Base(vec![url.into()]));
        let keys = with(|e| e.keys = vec![url.into()]);
        let metalink = with(|e| e.place = Place::Metalink(url.into()));
        for entry in [bases, keys, metalink] {
            let code = entry.check().map_err(|finding| finding.code.id);
            assert_eq!(code, Err("yum.repo-file.value"), "{url:?}");
        }
    }
    assert!(with(|e| e.place = Place::Base(Vec::new())).check().is_err());
    assert!(with(|e| e.keys.clear()).check().is_err());
}

#[test]
fn files_that_clients_read_otherwise_are_refused() {
    let good = entry().text();
    let edit = |from: &str, to: &str| good.replacen(from, to, 1);
    let (malformed, unchecked, value) = (
        "yum.repo-file.malformed",
        "yum.repo-file.unchecked",
        "yum.repo-file.value",
    );
    for (text, code) in [
        (String::new(), malformed),
        (edit("[example]\n", ""), malformed),
        (edit("[example]", "[example"), malformed),
        (format!("{good}[other]\n"), malformed),
        (format!("{good}hello\n"), malformed),
        (format!("{good}name=twice\n"), malformed),
        (format!("{good}proxy=http://evil.example\n"), malformed),
        (format!("{good}sslverify=0\n"), malformed),
        (format!("{good}metalink=https://example.org/m\n"), malformed),
        (edit("name=", " name="), malformed),
        (edit("enabled", "\u{7}enabled"), malformed),
        (edit("gpgcheck=1\n", ""), unchecked),
        (edit("repo_gpgcheck=1\n", ""), unchecked),
        (edit("\ngpgcheck=1", "\ngpgcheck=0"), unchecked),
        (edit("repo_gpgcheck=1", "repo_gpgcheck=no"), unchecked),
        (edit("enabled=1", "enabled=maybe"), value),
        (edit("gpgkey=", "x="), malformed),
        (
            edit("gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-example\n", ""),
            value,
        ),
        // CVE-2026-44942: zypper goes on from the URL by this path.
        (format!("{good}path=/../../etc\n"), value),
        (format!("{good}path=%2e%2e/x\n"), value),
        (format!("{good}type=rpm md\n"), value),
        (format!("{good}priority=\n"), value),
    ] {
        let found = RepoFile::read(text.as_bytes()).map_err(|finding| finding.code.id);
        assert_eq!(found, Err(code), "{text}");
    }
    assert!(RepoFile::read(b"[a]\nname=\xff\n").is_err());
    let long = format!("{good}#{}\n", "x".repeat(1 << 20));
    let found = RepoFile::read(long.as_bytes()).map_err(|finding| finding.code.id);
    assert_eq!(found, Err("limit.exceeded"));
    // What is known and harmless passes.
    let more = format!("# comment\n{good}path=/x86_64\nautorefresh=1\ntype=rpm-md\n");
    assert_eq!(RepoFile::read(more.as_bytes()), Ok(entry()));
}
