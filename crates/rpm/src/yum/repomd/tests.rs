use super::*;

fn parse_text(text: &str) -> Result<Repomd, Box<Finding>> {
    Repomd::parse(
        Verified::danger_unverified(text.as_bytes().to_vec()),
        &Limits::default(),
    )
    .map(Verified::into_inner)
}

const SHA256: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

fn data(inside: &str) -> String {
    format!("<repomd><revision>7</revision><data type=\"primary\">{inside}</data></repomd>")
}

fn good() -> String {
    data(&format!(
        "<checksum type=\"sha256\">{SHA256}</checksum><location href=\"repodata/p.xml\"/>\
         <timestamp>1.5</timestamp><size>6</size>"
    ))
}

#[test]
fn reads_what_createrepo_writes() {
    let repomd = parse_text(&good()).unwrap();
    assert_eq!(repomd.revision.as_deref(), Some("7"));
    let primary = repomd.find("primary").unwrap();
    assert_eq!(primary.location.as_str(), "repodata/p.xml");
    assert_eq!((primary.size, primary.open_size), (Some(6), None));
    assert!(repomd.find("filelists").is_none());
}

#[test]
fn hostile_locations_are_refused() {
    for (href, code) in [
        ("../p.xml", "path.unsafe"),
        ("repodata/../../p.xml", "path.unsafe"),
        ("/etc/passwd", "path.unsafe"),
        ("//host/p.xml", "path.unsafe"),
        ("", "path.unsafe"),
        (".", "path.unsafe"),
        ("a\\b", "path.unsafe"),
        ("http://host/p.xml", "path.unsafe"),
        ("file:///etc/passwd", "path.unsafe"),
        ("repodata/p&#10;.xml", "path.unsafe"),
        ("repodata/&#x9b;.xml", "path.unsafe"),
    ] {
        let text = good().replace("repodata/p.xml", href);
        let finding = parse_text(&text).expect_err(href);
        assert_eq!(finding.code.id, code, "{href}: {}", finding.detail);
    }
    let based = good().replace("<location", "<location xml:base=\"http://host/\"");
    assert_eq!(
        parse_text(&based).unwrap_err().code.id,
        "yum.location-elsewhere"
    );
}

#[test]
fn missing_and_wrong_fields_are_refused() {
    for (from, to) in [
        (" type=\"primary\"", ""),
        (" type=\"sha256\"", ""),
        ("sha256\">", "sha512\">"),
        ("sha256\">", "crc32\">"),
        (SHA256, "abc"),
        ("<size>6", "<size>-6"),
        ("<size>6", "<size>99999999999999999999"),
        ("<location href=\"repodata/p.xml\"/>", ""),
        ("<location href", "<location ref"),
        ("<size>6</size>", "<size>6</size><size>6</size>"),
        ("repomd>", "repomdx>"),
    ] {
        let text = good().replace(from, to);
        assert_ne!(text, good(), "{from}");
        let finding = parse_text(&text).expect_err(&text);
        assert_eq!(finding.code.id, "yum.repomd.malformed", "{to}");
        assert_eq!(finding.subject, REPOMD);
    }
}

#[test]
fn two_files_of_one_type_are_refused() {
    let twice = good().replace("</repomd>", "") + &good()[good().find("<data").unwrap()..];
    let finding = parse_text(&twice).unwrap_err();
    assert!(finding.detail.contains("two files"), "{}", finding.detail);
}
