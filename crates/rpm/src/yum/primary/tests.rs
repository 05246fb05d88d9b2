use super::*;

const SHA256: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

fn good() -> String {
    format!(
        "<metadata packages=\"1\"><package type=\"rpm\"><name>hello</name><arch>noarch</arch>\
         <version epoch=\"1\" ver=\"2.0\" rel=\"3\"/>\
         <checksum type=\"sha256\" pkgid=\"YES\">{SHA256}</checksum>\
         <description>&lt;b&gt; <![CDATA[x]]></description>\
         <size package=\"6\" installed=\"1\"/><location href=\"P/hello.rpm\"/>\
         <format><rpm:provides><rpm:entry name=\"hello\"/></rpm:provides>\
         <rpm:header-range start=\"10\" end=\"20\"/></format></package></metadata>"
    )
}

fn read_text(text: &str) -> Result<Primary, Box<Finding>> {
    let source = Verified::danger_unverified(text.as_bytes());
    Primary::read(source, "primary.xml", &Limits::default()).map(Verified::into_inner)
}

#[test]
fn reads_what_createrepo_writes() {
    let primary = read_text(&good()).unwrap();
    assert_eq!(primary.announced, Some(1));
    let [package] = &primary.packages[..] else {
        panic!("{primary:?}");
    };
    assert_eq!(
        (
            package.name.as_str(),
            package.epoch,
            package.version.as_str()
        ),
        ("hello", 1, "2.0")
    );
    assert_eq!(
        (package.release.as_str(), package.arch.as_str()),
        ("3", "noarch")
    );
    assert_eq!(package.location.as_str(), "P/hello.rpm");
    assert_eq!(package.header_range, Some((10, 20)));
    assert_eq!(package.size, Some(6));
}

#[test]
fn missing_and_wrong_fields_are_refused() {
    for (from, to, code) in [
        ("<name>hello</name>", "", "yum.primary.malformed"),
        ("<arch>noarch</arch>", "", "yum.primary.malformed"),
        (" ver=\"2.0\"", "", "yum.primary.malformed"),
        (" rel=\"3\"", "", "yum.primary.malformed"),
        ("epoch=\"1\"", "epoch=\"x\"", "yum.primary.malformed"),
        ("type=\"rpm\"", "type=\"deb\"", "yum.primary.malformed"),
        ("package=\"6\"", "package=\"-6\"", "yum.primary.malformed"),
        ("end=\"20\"", "end=\"x\"", "yum.primary.malformed"),
        (
            "<location href=\"P/hello.rpm\"/>",
            "",
            "yum.primary.malformed",
        ),
        ("P/hello.rpm", "../hello.rpm", "path.unsafe"),
        ("P/hello.rpm", "/hello.rpm", "path.unsafe"),
        ("P/hello.rpm", "ftp://h/hello.rpm", "path.unsafe"),
        (
            "<location",
            "<location xml:base=\"http://h/\"",
            "yum.location-elsewhere",
        ),
        ("<arch>", "<name>evil</name><arch>", "yum.primary.malformed"),
        ("</metadata>", "", "yum.primary.malformed"),
        (SHA256, "00", "yum.primary.malformed"),
    ] {
        let text = good().replace(from, to);
        assert_ne!(text, good(), "{from}");
        let finding = read_text(&text).expect_err(&text);
        assert_eq!(finding.code.id, code, "{to}: {}", finding.detail);
    }
}

#[test]
fn more_packages_than_the_limit_reject() {
    let limits = Limits {
        entries: 0,
        ..Limits::default()
    };
    let text = good();
    let source = Verified::danger_unverified(text.as_bytes());
    let finding = Primary::read(source, "primary.xml", &limits).unwrap_err();
    assert_eq!(finding.code.id, "limit.exceeded");
}
