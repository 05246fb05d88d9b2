use proptest::prelude::*;

use super::*;

const GOOD: &str = r#"<?xml version="1.0"?>
<!DOCTYPE Policy SYSTEM "https://www.debian.org/debsig/1.0/policy.dtd">
<Policy xmlns="https://www.debian.org/debsig/1.0/">
  <!-- A comment. -->
  <Origin Name="Debsig" id="C2795D9DB38BF08AB1FDE6F6FAD46790DE88C7E2" Description="Testing &lt;a@b&gt;"/>
  <Selection>
    <Required Type="origin" File="pubring.pgp" id="C2795D9DB38BF08AB1FDE6F6FAD46790DE88C7E2"/>
    <Reject Type="release"/>
  </Selection>
  <Verification MinOptional="1">
    <Required Type="origin" File="pubring.pgp" Expiry="365"/>
    <Optional Type="maint" File="maint.pgp"/>
  </Verification>
</Policy>
"#;

#[test]
fn a_policy_is_read() {
    let policy = parse(GOOD).unwrap();
    assert_eq!(policy.name, "Debsig");
    assert_eq!(policy.description, "Testing <a@b>");
    assert_eq!(policy.selections.len(), 1);
    assert_eq!(policy.selections[0].rules.len(), 2);
    assert_eq!(policy.selections[0].rules[1].kind, Kind::Reject);
    assert_eq!(policy.verifications[0].minimum_optional, 1);
    let rule = &policy.verifications[0].rules[0];
    assert_eq!((rule.expiry, rule.id.as_deref()), (Some(365), None));
    assert_eq!(rule.role, Role::ORIGIN);
}

#[test]
fn other_document_types_and_none_are_read() {
    let doctype = r#"<!DOCTYPE Policy SYSTEM "https://www.debian.org/debsig/1.0/policy.dtd">"#;
    for other in ["", r#"<!DOCTYPE Policy PUBLIC "a" "b">"#] {
        assert!(parse(&GOOD.replace(doctype, other)).is_ok(), "{other}");
    }
    for other in [
        r#"<!DOCTYPE Policy SYSTEM "x" [<!ENTITY a "b">]>"#,
        r#"<!DOCTYPE Policy [<!ENTITY a "b">]>"#,
        r#"<!DOCTYPE Policy [ %x; ]>"#,
        r#"<!DOCTYPE html>"#,
        r#"<!DOCTYPE Policy>"#,
    ] {
        assert!(parse(&GOOD.replace(doctype, other)).is_err(), "{other}");
    }
}

#[test]
fn what_another_reader_may_take_otherwise_is_malformed() {
    for (from, to) in [
        // Elements and text.
        ("<Selection>", "<Selection><Required/>"),
        ("<Selection>", "<Selection>text"),
        ("<Selection>", "<Selection><![CDATA[x]]>"),
        ("<Selection>", "<Selection>&#65;"),
        ("<Selection>", "<Selection>&unknown;"),
        ("<Selection>", "<Selection><?php x?>"),
        ("<Selection>", "<Selection><Other/>"),
        (
            "<Reject Type=\"release\"/>",
            "<Reject Type=\"release\"><Required/></Reject>",
        ),
        ("<Reject Type=\"release\"/>", "<Reject/>"),
        ("<Origin ", "<Other/><Origin "),
        (
            "<Verification MinOptional=\"1\">",
            "<Origin Name=\"b\" id=\"b\"/><Verification>",
        ),
        ("</Policy>", "</Policy><Policy/>"),
        ("</Policy>", "</Policy>trailing"),
        ("</Policy>", ""),
        ("</Selection>", ""),
        // Attributes.
        ("Name=\"Debsig\"", ""),
        (
            "id=\"C2795D9DB38BF08AB1FDE6F6FAD46790DE88C7E2\" Desc",
            "Desc",
        ),
        ("Name=\"Debsig\"", "Name=\"a\" Name=\"b\""),
        ("Name=\"Debsig\"", "Name=\"a\" Other=\"b\""),
        ("MinOptional=\"1\"", "MinOptional=\"\""),
        ("MinOptional=\"1\"", "MinOptional=\"-1\""),
        ("MinOptional=\"1\"", "MinOptional=\"1x\""),
        ("MinOptional=\"1\"", "MinOptional=\"99999999999\""),
        ("MinOptional=\"1\"", "Minimum=\"1\""),
        ("Expiry=\"365\"", "Expiry=\"1 year\""),
        ("Expiry=\"365\"", "Expiry=\"+365\""),
        ("Type=\"maint\"", "Type=\"\""),
        ("Type=\"maint\"", "Type=\"Maint\""),
        ("Type=\"maint\"", "Type=\"maintainers\""),
        ("Type=\"maint\"", "Type=\"../maint\""),
        ("Type=\"maint\" File=\"maint.pgp\"", "Type=\"maint\""),
        ("File=\"maint.pgp\"", "File=\"../maint.pgp\""),
        ("File=\"maint.pgp\"", "File=\"/etc/x\""),
        ("File=\"maint.pgp\"", "File=\".\""),
        ("File=\"maint.pgp\"", "File=\"\""),
        ("File=\"maint.pgp\"", "File=\"a\" id=\"\""),
        // The namespace.
        ("xmlns=\"https://www.debian.org/debsig/1.0/\"", ""),
        (
            "xmlns=\"https://www.debian.org/debsig/1.0/\"",
            "xmlns=\"https://www.debian.org/debsig/2.0/\"",
        ),
        (
            "debsig/1.0/\">\n  <!--",
            "debsig/1.0/\" xmlns:x=\"y\">\n  <!--",
        ),
        // Blocks.
        (
            "<?xml version=\"1.0\"?>",
            "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let changed = GOOD.replacen(from, to, 1);
        assert!(parse(&changed).is_err(), "{changed}");
    }
}

/// expat refuses each of these, and with it debsig-verify.
#[test]
fn what_xml_forbids_is_malformed() {
    let declaration = "<?xml version=\"1.0\"?>";
    let doctype = "<!DOCTYPE Policy SYSTEM \"https://www.debian.org/debsig/1.0/policy.dtd\">";
    for (from, to) in [
        // Characters.
        ("Testing", "\u{1b}[31m"),
        ("Testing", "\0"),
        ("Testing", "\u{fffe}"),
        ("Testing", "&#27;"),
        ("Testing", "&#xFFFF;"),
        ("A comment", "\u{1b}"),
        ("<Selection>", "<Selection>\u{b}"),
        ("<Selection>", "<Selection>\u{a0}"),
        // Attributes.
        ("Testing", "a < b"),
        ("\"Debsig\" id", "\"Debsig\"id"),
        ("\"Debsig\" id", "\"Debsig\"\u{c}id"),
        ("\"Debsig\"", "Debsig"),
        // Comments.
        ("A comment.", "A -- comment."),
        ("comment. -->", "comment. --->"),
        // The declaration.
        (declaration, " <?xml version=\"1.0\"?>"),
        (declaration, "<!-- --><?xml version=\"1.0\"?>"),
        (
            declaration,
            "<?xml version=\"1.0\"?><?xml version=\"1.0\"?>",
        ),
        (declaration, "\u{feff}\u{feff}"),
        (declaration, "<?xml encoding=\"utf-8\"?>"),
        (declaration, "<?xml version=\"1.0\" standalone=\"maybe\"?>"),
        (declaration, "<?xml version=\"1.0\" other=\"x\"?>"),
        ("<Selection>", "<Selection><?xml version=\"1.0\"?>"),
        // The document type.
        ("<!DOCTYPE", "<!doctype"),
        ("<!DOCTYPE ", "<!DOCTYPE"),
        ("Policy SYSTEM", "PolicySYSTEM"),
        ("SYSTEM ", "SYSTEMX "),
        ("SYSTEM ", "PUBLIC "),
        ("SYSTEM ", "PUBLIC \"\u{e9}\" "),
        ("SYSTEM ", "PUBLIC \"a\""),
        ("policy.dtd\">", "policy.dtd\" x>"),
        (doctype, "<!DOCTYPE Policy SYSTEM>"),
        (doctype, "<!DOCTYPE Policy SYSTEM x>"),
        (
            doctype,
            "<!DOCTYPE Policy SYSTEM \"x\"><!DOCTYPE Policy SYSTEM \"x\">",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let changed = GOOD.replacen(from, to, 1);
        assert!(parse(&changed).is_err(), "{changed}");
    }
}

#[test]
fn what_xml_allows_is_read() {
    for (from, to) in [
        ("<?xml", "\u{feff}<?xml"),
        ("<?xml version=\"1.0\"?>", ""),
        (
            "<?xml version=\"1.0\"?>",
            "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>",
        ),
        ("Name=\"Debsig\"", "Name\n=\n'Debsig'"),
        ("Testing", "\u{9b}caf\u{e9} > &#233;"),
        ("</Selection>", "</Selection >"),
        (" A comment. ", ""),
        ("SYSTEM", "\n PUBLIC 'a' "),
        ("policy.dtd\">", "policy.dtd\" >"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let changed = GOOD.replacen(from, to, 1);
        assert!(parse(&changed).is_ok(), "{changed}");
    }
    assert!(parse(&GOOD.replace('\n', "\r\n")).is_ok());
}

#[test]
fn a_policy_needs_a_block_of_each_kind_and_a_signature_in_each() {
    let cut = |from: &str, to: &str| {
        let (start, end) = (GOOD.find(from).unwrap(), GOOD.find(to).unwrap() + to.len());
        format!("{}{}", &GOOD[..start], &GOOD[end..])
    };
    for text in [
        cut("<Selection>", "</Selection>"),
        cut("<Verification", "</Verification>"),
        cut(
            "<Required Type=\"origin\" File=\"pubring.pgp\" id",
            "E2\"/>\n    <Rej",
        )
        .replace("ect Type", "<Reject Type"),
    ] {
        assert!(parse(&text).is_err(), "{text}");
    }
}

#[test]
fn caps_hold() {
    let many = "<Required Type=\"origin\" File=\"a\"/>".repeat(MOST_ELEMENTS);
    let text = GOOD.replacen("<Selection>", &format!("<Selection>{many}"), 1);
    assert!(parse(&text).unwrap_err().contains("elements"));
    let long = format!("Name=\"{}\"", "x".repeat(LONGEST_VALUE + 1));
    let text = GOOD.replacen("Name=\"Debsig\"", &long, 1);
    assert!(parse(&text).unwrap_err().contains("too long"));
    let deep = "<a>".repeat(10_000);
    assert!(parse(&deep).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_never_panics(at in any::<prop::sample::Index>(), with in "\\PC{0,6}", cut in 0_usize..40) {
        let at = at.index(GOOD.len());
        let end = (at + cut).min(GOOD.len());
        if GOOD.is_char_boundary(at) && GOOD.is_char_boundary(end) {
            let _ = parse(&format!("{}{with}{}", &GOOD[..at], &GOOD[end..]));
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[<>/!\\[\\]\"&; a-zA-Z=]{0,200}") {
        let _ = parse(&text);
    }
}
