use super::super::repomd::Repomd;
use super::*;

const HELLO: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
const WORLD: &str = "e258d248fda94c63753607f7c4494ee0fcbe92f1a76bfdac795c9d84101eb317";

fn described(id: &str, name: &str) -> String {
    format!(
        "<package type=\"rpm\"><name>{name}</name><arch>noarch</arch>\
         <version epoch=\"0\" ver=\"1\" rel=\"2\"/>\
         <checksum type=\"sha256\" pkgid=\"YES\">{id}</checksum>\
         <location href=\"{name}.rpm\"/></package>"
    )
}

fn primary(packages: &[(&str, &str)]) -> Primary {
    let inside: String = packages
        .iter()
        .map(|(id, name)| described(id, name))
        .collect();
    let text = format!("<metadata>{inside}</metadata>");
    let source = Verified::danger_unverified(text.as_bytes());
    Primary::read(source, "primary.xml", &Limits::default())
        .unwrap()
        .into_inner()
}

fn entry(id: &str, name: &str) -> String {
    format!(
        "<package pkgid=\"{id}\" name=\"{name}\" arch=\"noarch\">\
         <version epoch=\"0\" ver=\"1\" rel=\"2\"/><file>/x</file></package>"
    )
}

fn list(inside: &str) -> String {
    format!("<filelists packages=\"2\">{inside}</filelists>")
}

fn found(text: &str) -> Vec<(&'static str, String)> {
    let primary = primary(&[(HELLO, "hello"), (WORLD, "world")]);
    let source = Verified::danger_unverified(text.as_bytes());
    let ids = Ids::of(&primary);
    match read(
        source,
        "filelists.xml",
        "filelists",
        Some(&ids),
        &Limits::default(),
    ) {
        Ok(findings) => findings
            .into_inner()
            .into_iter()
            .map(|f| (f.code.id, f.detail))
            .collect(),
        Err(finding) => vec![(finding.code.id, finding.detail)],
    }
}

fn codes_of(text: &str) -> Vec<&'static str> {
    found(text).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn a_list_of_the_same_packages_is_good_in_any_order() {
    let (hello, world) = (entry(HELLO, "hello"), entry(WORLD, "world"));
    assert!(codes_of(&list(&format!("{hello}{world}"))).is_empty());
    assert!(codes_of(&list(&format!("{world}{hello}"))).is_empty());
    let upper = entry(&HELLO.to_uppercase(), "hello");
    assert!(codes_of(&list(&format!("{world}{upper}"))).is_empty());
}

#[test]
fn other_packages_are_named() {
    let (hello, world) = (entry(HELLO, "hello"), entry(WORLD, "world"));
    let strange = entry(&"0".repeat(64), "strange");
    for (inside, codes) in [
        (
            format!("{hello}{strange}"),
            &["yum.list.not-in-primary", "yum.list.package-missing"][..],
        ),
        (
            format!("{hello}{hello}"),
            &["yum.list.listed-twice", "yum.list.package-missing"],
        ),
        (
            format!("{hello}{world}{world}"),
            &["yum.list.count", "yum.list.listed-twice"],
        ),
        (
            hello.clone(),
            &["yum.list.count", "yum.list.package-missing"],
        ),
        (
            format!("{hello}{}", entry(WORLD, "word")),
            &["yum.list.identity"],
        ),
        (
            format!("{hello}{}", world.replace("ver=\"1\"", "ver=\"3\"")),
            &["yum.list.identity"],
        ),
        (
            format!("{hello}{}", world.replace("noarch", "x86_64")),
            &["yum.list.identity"],
        ),
    ] {
        assert_eq!(codes_of(&list(&inside)), codes, "{inside}");
    }
    let missing = found(&list(&hello).replace("packages=\"2\"", "packages=\"1\""));
    assert!(missing[0].1.ends_with("world.rpm first"), "{missing:?}");
}

#[test]
fn what_is_no_list_is_refused() {
    let good = list(&format!(
        "{}{}",
        entry(HELLO, "hello"),
        entry(WORLD, "world")
    ));
    for (from, to) in [
        ("<filelists ", "<otherdata "),
        (" pkgid=\"5", " id=\"5"),
        ("pkgid=\"5", "pkgid=\""),
        ("pkgid=\"58", "pkgid=\"5x"),
        (" name=\"hello\"", ""),
        (" arch=\"noarch\"", ""),
        (" rel=\"2\"", ""),
        ("epoch=\"0\"", "epoch=\"x\""),
        ("<version epoch=\"0\" ver=\"1\" rel=\"2\"/>", ""),
        ("<file>", "<version/><file>"),
        (
            "<filelists",
            "<!DOCTYPE filelists [<!ENTITY a \"b\">]><filelists",
        ),
        ("</filelists>", ""),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert_eq!(codes_of(&text), ["yum.list.malformed"], "{to}");
    }
}

#[test]
fn a_package_that_primary_lists_at_two_places_stands_twice() {
    let primary = primary(&[(HELLO, "hello"), (HELLO, "hello")]);
    let ids = Ids::of(&primary);
    let text = list(&entry(HELLO, "hello").repeat(2));
    let source = Verified::danger_unverified(text.as_bytes());
    let findings = read(source, "f", "filelists", Some(&ids), &Limits::default()).unwrap();
    assert!(findings.get().is_empty());
}

#[test]
fn zchunk_copies_are_no_lists_to_read() {
    let text = format!(
        "<repomd><data type=\"filelists\"><checksum type=\"sha256\">{HELLO}</checksum>\
         <location href=\"repodata/f.xml.gz\"/></data></repomd>"
    );
    for (from, to, expected) in [
        ("", "", true),
        (".gz", ".zck", false),
        ("\"filelists\"", "\"filelists_db\"", false),
        ("\"filelists\"", "\"other\"", true),
    ] {
        let bytes = Verified::danger_unverified(text.replace(from, to).into_bytes());
        let repomd = Repomd::parse(bytes, &Limits::default()).unwrap();
        assert_eq!(is_list(&repomd.get().data[0]), expected, "{to}");
    }
}
