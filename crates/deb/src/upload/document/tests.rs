use super::*;

const DSC: &str = "Format: 3.0 (quilt)\nSource: hello\nBinary: hello\nArchitecture: any\n\
    Version: 1:1.0-1\nMaintainer: Test <test@test.invalid>\nPackage-List:\n hello deb misc \
    optional arch=any\nChecksums-Sha1:\n da39a3ee5e6b4b0d3255bfef95601890afd80709 0 \
    hello_1.0.orig.tar.xz\nChecksums-Sha256:\n \
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 \
    hello_1.0.orig.tar.xz\nFiles:\n d41d8cd98f00b204e9800998ecf8427e 0 hello_1.0.orig.tar.xz\n";

const CHANGES: &str = "Format: 1.8\nDate: Sat, 01 Feb 2025 00:00:00 +0000\nSource: hello \
    (1:1.0-1)\nBinary: hello hello-doc\nArchitecture: amd64 all\nVersion: 1:1.0-1+b1\n\
    Distribution: unstable\nMaintainer: Test <test@test.invalid>\nCloses: 1 23\nChanges:\n \
    hello (1.0-1)\n .\n   * Test.\nChecksums-Sha256:\n \
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 hello_1.0_all.deb\n\
    Files:\n d41d8cd98f00b204e9800998ecf8427e 0 misc optional hello_1.0_all.deb\n";

const BUILDINFO: &str = "Format: 1.0\nSource: hello\nBinary: hello\nArchitecture: amd64\n\
    Version: 1.0\nChecksums-Md5:\n d41d8cd98f00b204e9800998ecf8427e 0 hello_1.0_all.deb\n\
    Checksums-Sha256:\n e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 \
    hello_1.0_all.deb\nBuild-Architecture: amd64\nInstalled-Build-Depends:\n dpkg (= 1)\n";

fn parse(text: &str, kind: Kind) -> Result<Document, Finding> {
    Document::parse(
        Verified::danger_unverified(text.as_bytes().to_vec()),
        kind,
        "x",
        &Limits::default(),
    )
    .map(Verified::into_inner)
    .map_err(|finding| *finding)
}

#[track_caller]
fn refused(text: &str, kind: Kind, code: &str) {
    let finding = parse(text, kind).expect_err("was accepted");
    assert_eq!(finding.code.id, code, "{finding:?}");
    assert_eq!(finding.subject, "x");
}

/// One piece of a good document changed.
#[track_caller]
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn what_a_good_one_says() {
    let dsc = parse(DSC, Kind::Dsc).unwrap();
    assert_eq!((dsc.source(), dsc.version()), ("hello", "1:1.0-1"));
    assert_eq!(dsc.source_version(), "1:1.0-1");
    let (path, listed) = dsc.files().first_key_value().unwrap();
    assert_eq!((path.as_str(), listed.size), ("hello_1.0.orig.tar.xz", 0));
    assert_eq!(listed.digests.algorithms().count(), 3);
    assert_eq!(
        dsc.field("Package-List"),
        Some("\nhello deb misc optional arch=any")
    );

    let changes = parse(CHANGES, Kind::Changes).unwrap();
    assert_eq!(
        (changes.source(), changes.version()),
        ("hello", "1:1.0-1+b1")
    );
    assert_eq!(changes.source_version(), "1:1.0-1");
    assert_eq!(
        changes.words("Binary").collect::<Vec<_>>(),
        ["hello", "hello-doc"]
    );

    assert_eq!(parse(BUILDINFO, Kind::Buildinfo).unwrap().files().len(), 1);
    // The empty line that signers put at the end.
    assert!(parse(&format!("{DSC}\n"), Kind::Dsc).is_ok());
}

#[test]
fn formats() {
    for (text, kind, from, good, bad) in [
        (
            DSC,
            Kind::Dsc,
            "3.0 (quilt)",
            &[
                "1.0",
                "2.0",
                "3.0 (native)",
                "3.0 (git)",
                "3.0 (bzr)",
                "3.0 (custom)",
            ][..],
            &["3.0", "3.0 (evil)", "4.0", "1.1", "1", "3.0(quilt)"][..],
        ),
        (
            CHANGES,
            Kind::Changes,
            "1.8",
            &["1.7"],
            &["1.6", "1.9", "2.0", "1", "1.8.1"],
        ),
        (
            BUILDINFO,
            Kind::Buildinfo,
            "1.0",
            &["0.2", "0.1"],
            &["0.3", "1.1", "2.0", "x"],
        ),
    ] {
        let with = |format: &str| {
            changed(
                text,
                &format!("Format: {from}"),
                &format!("Format: {format}"),
            )
        };
        for format in good {
            assert!(parse(&with(format), kind).is_ok(), "{format}");
        }
        for format in bad {
            refused(&with(format), kind, "upload.format");
        }
    }
}

#[test]
fn fields_that_must_be_there() {
    for (text, kind) in [
        (DSC, Kind::Dsc),
        (CHANGES, Kind::Changes),
        (BUILDINFO, Kind::Buildinfo),
    ] {
        for field in kind.needed() {
            let start = text.find(&format!("{field}:")).unwrap();
            let line = text[start..].split_inclusive('\n').next().unwrap();
            let renamed = format!("X-{line}");
            refused(&changed(text, line, &renamed), kind, "upload.missing-field");
            let shouted = changed(text, field, &field.to_uppercase());
            refused(&shouted, kind, "upload.field-case");
        }
    }
    let without_files = DSC.split("Files:").next().unwrap();
    refused(without_files, Kind::Dsc, "upload.missing-field");
    let empty =
        DSC.split("Checksums-Sha1").next().unwrap().to_owned() + "Checksums-Sha256:\nFiles:\n";
    refused(&empty, Kind::Dsc, "upload.missing-field");
}

#[test]
fn one_paragraph_of_clean_text() {
    for (text, code) in [
        (format!("\n{DSC}"), "upload.malformed"),
        (format!("{DSC}\nSource: other\n"), "upload.malformed"),
        (format!("{DSC}\n more\n"), "upload.malformed"),
        (format!(" x\n{DSC}"), "upload.malformed"),
        (
            changed(DSC, "Test <", "T\u{1b}[2Jest <"),
            "upload.malformed",
        ),
        (changed(DSC, "Test <", "T\rest <"), "upload.malformed"),
        (changed(DSC, "Binary", "Bin ary"), "upload.malformed"),
        (
            changed(DSC, "Binary: hello\n", "Binary: hello\n \n"),
            "upload.malformed",
        ),
        (
            changed(DSC, "Binary: hello\n", "# comment\n"),
            "upload.malformed",
        ),
        (changed(DSC, "Binary:", "Source:"), "upload.duplicate-field"),
        (
            changed(DSC, "Binary:", "X-A: 1\nx-a:"),
            "upload.duplicate-field",
        ),
        (
            changed(DSC, "Files:", "Checksums-Sha1:"),
            "upload.duplicate-field",
        ),
        (String::new(), "upload.missing-field"),
        ("A: 1\n".to_owned(), "upload.missing-field"),
    ] {
        refused(&text, Kind::Dsc, code);
    }
    let many: String = (0..600).map(|n| format!("X{n}: 1\n")).collect();
    refused(&many, Kind::Dsc, "upload.malformed");
}

#[test]
fn values() {
    for (kind, text, from, values) in [
        (
            Kind::Dsc,
            DSC,
            "Version: 1:1.0-1",
            &["Version: a", "Version: 1/2", "Version: 1 2", "Version: x:1"][..],
        ),
        (
            Kind::Dsc,
            DSC,
            "Source: hello",
            &[
                "Source: Hello",
                "Source: h",
                "Source: ../x",
                "Source: hello (1.0)",
            ],
        ),
        (
            Kind::Changes,
            CHANGES,
            "Source: hello (1:1.0-1)",
            &[
                "Source: hello 1.0",
                "Source: hello (1.0",
                "Source: hello (a)",
                "Source: -x",
            ],
        ),
        (
            Kind::Changes,
            CHANGES,
            "Binary: hello hello-doc",
            &["Binary: hello, hello-doc", "Binary: Hello"],
        ),
        (
            Kind::Changes,
            CHANGES,
            "amd64 all",
            &["AMD64", "../x", "amd64;id"],
        ),
        (
            Kind::Changes,
            CHANGES,
            "Closes: 1 23",
            &["Closes: #1", "Closes: x"],
        ),
    ] {
        for value in values {
            refused(&changed(text, from, value), kind, "upload.field-value");
        }
    }
    let two = changed(
        CHANGES,
        "Distribution: unstable",
        "Distribution: unstable stable",
    );
    refused(&two, Kind::Changes, "upload.distribution");
}

#[test]
fn lists_agree_and_bind() {
    let name = "hello_1.0.orig.tar.xz";
    let sha256 = " e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 \
                  hello_1.0.orig.tar.xz\n";
    let weak = changed(DSC, &format!("Checksums-Sha256:\n{sha256}"), "");
    for (text, code) in [
        (weak, "upload.weak-hashes"),
        (
            changed(DSC, "Checksums-Sha1", "Checksums-Sha512"),
            "upload.unknown-checksums",
        ),
        (
            changed(DSC, "Checksums-Sha1", "checksums-whirlpool"),
            "upload.unknown-checksums",
        ),
        (
            changed(DSC, "Checksums-Sha1", "checksums-sha1"),
            "upload.field-case",
        ),
        (
            changed(DSC, "Checksums-Sha1:", "Checksums-Sha1: x"),
            "upload.file-line",
        ),
        (
            changed(DSC, sha256, &format!("{sha256}{sha256}")),
            "upload.duplicate-file",
        ),
        (
            changed(DSC, &format!("0 {name}"), &format!("1 {name}")),
            "upload.lists-differ",
        ),
        (
            changed(DSC, name, "hello_1.0.orig.tar.gz"),
            "upload.lists-differ",
        ),
        (changed(DSC, &format!("0 {name}"), name), "upload.file-line"),
        (
            changed(DSC, &format!("0 {name}"), &format!("0 x {name}")),
            "upload.file-line",
        ),
        (
            changed(DSC, &format!("0 {name}"), &format!("-1 {name}")),
            "upload.file-line",
        ),
        (
            changed(DSC, &format!("0 {name}"), &format!("0x0 {name}")),
            "upload.file-line",
        ),
        (changed(DSC, "e3b0c4", "e3b0c"), "upload.file-line"),
        (changed(DSC, "e3b0c4", "g3b0c4"), "upload.file-line"),
    ] {
        refused(&text, Kind::Dsc, code);
    }
    let short = changed(CHANGES, "misc optional ", "");
    refused(&short, Kind::Changes, "upload.file-line");
    let files = changed(BUILDINFO, "Checksums-Md5", "Files");
    refused(&files, Kind::Buildinfo, "upload.unknown-checksums");
}

#[test]
fn names_of_files() {
    for name in [
        "../x",
        "a/b",
        "/etc/passwd",
        "-rf",
        ".hidden",
        "a;id",
        "$(id)",
        "a\\b",
        "a*",
    ] {
        let text = DSC.replace("hello_1.0.orig.tar.xz", name);
        refused(&text, Kind::Dsc, "upload.file-name");
    }
}

#[test]
fn kinds_by_name() {
    assert_eq!(Kind::of("hello_1.0-1_amd64.changes"), Some(Kind::Changes));
    assert_eq!(Kind::of("hello_1.0-1.dsc"), Some(Kind::Dsc));
    assert_eq!(Kind::of("a.buildinfo"), Some(Kind::Buildinfo));
    for other in ["changes", "dsc", "a.dsc.asc", "a.DSC", "Release", ""] {
        assert_eq!(Kind::of(other), None, "{other}");
    }
}
