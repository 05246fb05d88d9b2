use super::*;

const SHAPE: Shape = Shape {
    root: "list",
    record: "item",
    singles: &["revision"],
    fields: &["name", "size"],
    nested: &[("format", "p:range")],
};

fn read_all(text: &str) -> Result<Vec<Item>, Fault> {
    let mut records = Records::new(text.as_bytes(), SHAPE, 1000);
    let mut items = Vec::new();
    while let Some(item) = records.next()? {
        items.push(item);
    }
    Ok(items)
}

fn fault(text: &str) -> String {
    read_all(text).expect_err(text).detail
}

fn one(inside: &str) -> String {
    format!("<list>{inside}</list>")
}

#[test]
fn records_and_singles_come_in_order() {
    let items = read_all(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->\n<list a='1'>\
         <revision> 7 </revision>\
         <item type=\"x\"><other><name>no</name></other><name>a&amp;&#98;<![CDATA[<c>]]></name>\
         <size v='1&lt;2'/><format><p:range end='9'/></format></item>\
         <item/></list>\n",
    )
    .unwrap();
    assert_eq!(items.len(), 3);
    let Item::Single(revision) = &items[0] else {
        panic!("{items:?}");
    };
    assert_eq!(revision.text.trim(), "7");
    let Item::Record(record) = &items[1] else {
        panic!("{items:?}");
    };
    assert_eq!(record.own.attribute("type"), Some("x"));
    assert_eq!(record.text("name"), Some("a&b<c>"));
    assert_eq!(record.field("size").unwrap().attribute("v"), Some("1<2"));
    let range = record.field("p:range").unwrap();
    assert_eq!(range.attribute("end"), Some("9"));
}

#[test]
fn what_is_ambiguous_or_no_document_is_refused() {
    for (text, words) in [
        ("", "too early"),
        ("<list>", "too early"),
        ("<other/>", "root element"),
        ("<list/><list/>", "root element"),
        ("<list/>text", "outside the root"),
        ("text<list/>", "outside the root"),
        ("<!DOCTYPE list><list/>", "document type"),
        ("<list><!DOCTYPE list></list>", "document type"),
        ("<list><?php x?></list>", "processing instruction"),
        ("<list/><?xml version='1.0'?>", "out of place"),
        ("<?xml version='1.0' encoding='utf-16'?><list/>", "UTF-8"),
        ("<list><item></list>", "ill-formed"),
    ] {
        let detail = fault(text);
        assert!(detail.contains(words), "{text}: {detail}");
    }
    for (inside, words) in [
        (
            "<item><name>a</name><name>b</name></item>",
            "a second <name>",
        ),
        (
            "<revision>1</revision><revision>2</revision>",
            "a second <revision>",
        ),
        ("<item type='a' type='b'/>", "a second attribute"),
        ("<item><name><b/></name></item>", "inside a plain field"),
        ("<item><name>&bomb;</name></item>", "&bomb;"),
        ("<item name='&bomb;'/>", "bomb"),
        ("<item name='&#0;'/>", "at byte"),
    ] {
        let detail = fault(&one(inside));
        assert!(detail.contains(words), "{inside}: {detail}");
    }
}

#[test]
fn caps_hold() {
    let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
    assert!(fault(&one(&deep)).contains("levels deep"));
    let long = one(&format!("<item name='{}'/>", "x".repeat(2000)));
    assert!(fault(&long).contains("too long"));
    assert!(fault(&one(&"x".repeat(2000))).contains("too long"));
    let attributes: String = (0..100).map(|n| format!(" a{n}=''")).collect();
    assert!(fault(&one(&format!("<item{attributes}/>"))).contains("more than 64 attributes"));
    let text = format!("<item><name>{}</name></item>", "x<!-- -->".repeat(70_000));
    assert!(fault(&one(&text)).contains("bytes of text"));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut records = Records::new(&b"<list><item n='\xff'/></list>"[..], SHAPE, 1000);
    assert!(records.next().is_err());
}
