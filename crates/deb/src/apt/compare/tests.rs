use super::*;

const CONTROL: &str = "Package: hello\nVersion: 1.0\nArchitecture: amd64\nDepends: a, b\n\
                       Section: misc\nX-Own: 1\nDescription: greets\n It greets\n .\n  twice\n";

fn parse(text: &str) -> Fields {
    paragraph::fields(text.as_bytes()).unwrap()
}

fn judge(control: &str, stanza: &str) -> String {
    let (_, description) = control.split_once("Description: ").unwrap();
    let description = description_md5(description.trim_end().as_bytes());
    binary(&parse(control), &description, &parse(stanza)).unwrap_or_default()
}

#[test]
fn a_stanza_says_what_the_package_says() {
    for stanza in [
        CONTROL.to_owned(),
        format!("{CONTROL}Filename: a\nSize: 1\nMD5sum: 1\nSHA256: 2\nTag: x\n"),
        // The archive decides.
        CONTROL.replace("misc", "games"),
        CONTROL.replace("Section: misc\n", ""),
        // What clients do not go by.
        CONTROL.replace("X-Own: 1\n", ""),
        // The long description stands in Translation.
        CONTROL.replace("\n It greets\n .\n  twice", ""),
        // Folded.
        CONTROL.replace("a, b", "a,\n b"),
        CONTROL.replace("Depends", "depends"),
        // As md5sum says.
        format!("{CONTROL}Description-md5: 82c6fa98d266ef7a3162df57c42e4b9d\n"),
    ] {
        assert_eq!(judge(CONTROL, &stanza), "", "{stanza}");
    }
}

#[test]
fn a_stanza_that_says_something_else_is_found() {
    for stanza in [
        CONTROL.replace("1.0", "2.0"),
        CONTROL.replace("hello", "evil"),
        CONTROL.replace("amd64", "all"),
        CONTROL.replace("a, b", "a"),
        CONTROL.replace("a, b", "b, a"),
        CONTROL.replace("Depends: a, b\n", ""),
        CONTROL.replace("greets\n It", "harms\n It"),
        CONTROL.replace("twice", "once"),
        CONTROL.replace("X-Own: 1", "X-Own: 2"),
        format!("{CONTROL}Essential: yes\n"),
        format!("{CONTROL}Description-md5: 0\n"),
    ] {
        assert_ne!(judge(CONTROL, &stanza), "", "{stanza}");
    }
}

const DSC: &str = "Format: 3.0 (quilt)\nSource: hello\nBinary: hello, hello-doc\nVersion: 1.0\n\
                   Checksums-Sha256:\n 11 1 hello.tar\n 22 2 hello.debian.tar\n";

fn sources(dsc: &str, stanza: &str) -> String {
    source(&parse(dsc), &parse(stanza), "hello.dsc").unwrap_or_default()
}

#[test]
fn a_stanza_of_sources_says_what_its_dsc_says() {
    let stanza = DSC.replace("Source:", "Directory: pool\nPackage:");
    let stanza = format!("{stanza} 33 3 hello.dsc\n");
    assert_eq!(sources(DSC, &stanza), "");
    assert_eq!(
        sources(DSC, &stanza.replace("hello, hello", "hello,\n hello")),
        ""
    );
    for other in [
        stanza.replace("Package: hello", "Package: evil"),
        stanza.replace("1.0", "1.1"),
        stanza.replace("hello-doc", "evil"),
        stanza.replace("11 1", "12 1"),
        stanza.replace(" 22 2 hello.debian.tar\n", ""),
        format!("{stanza} 44 4 evil.tar\n"),
    ] {
        assert_ne!(sources(DSC, &other), "", "{other}");
    }
}
