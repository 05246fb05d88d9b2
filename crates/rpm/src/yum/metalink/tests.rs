use pkgseal_repo::Severity;
use pkgseal_testkit::build::Digest;

use super::*;

const REPOMD_TEXT: &str = "<repomd/>";
const OLDER: &str = "<repomd>1</repomd>";

fn version(content: &str, timestamp: u64) -> String {
    format!(
        "<mm0:timestamp>{timestamp}</mm0:timestamp><size>{}</size><verification>\
         <hash type=\"md5\">{}</hash><hash type=\"sha1\">{}</hash>\
         <hash type=\"sha256\">{}</hash><hash type=\"sha512\">{}</hash></verification>",
        content.len(),
        Digest::Md5.hex(content.as_bytes()),
        Digest::Sha1.hex(content.as_bytes()),
        Digest::Sha256.hex(content.as_bytes()),
        Digest::Sha512.hex(content.as_bytes()),
    )
}

fn good() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <metalink version=\"3.0\" xmlns=\"http://www.metalinker.org/\" type=\"dynamic\" \
         pubdate=\"Thu, 01 Jan 1970 01:00:00 GMT\" generator=\"mirrormanager\" \
         xmlns:mm0=\"http://fedorahosted.org/mirrormanager\"><files>\
         <file name=\"repomd.xml\">{}\
         <mm0:alternates><mm0:alternate>{}</mm0:alternate></mm0:alternates>\
         <resources maxconnections=\"1\">\
         <url protocol=\"https\" type=\"https\" location=\"DE\" preference=\"100\">\
         https://mirror.invalid/f/repodata/repomd.xml</url>\
         <url protocol=\"rsync\" type=\"rsync\" location=\"DE\" preference=\"99\">\
         rsync://mirror.invalid/f/repodata/repomd.xml</url>\
         </resources></file></files></metalink>\n",
        version(REPOMD_TEXT, 3000),
        version(OLDER, 2000)
    )
}

fn judged_at(text: &str, repomd: &str, freshness: &Freshness, now: i64) -> Vec<(String, Severity)> {
    Metalink::parse("metalink.xml", text.as_bytes())
        .judge(
            repomd.as_bytes(),
            freshness,
            Timestamp::from_second(now).unwrap(),
        )
        .into_iter()
        .map(|f| (f.code.id.to_owned(), f.severity))
        .collect()
}

fn codes_of(text: &str, repomd: &str) -> Vec<String> {
    judged_at(text, repomd, &Freshness::default(), 4000)
        .into_iter()
        .map(|(code, _)| code)
        .collect()
}

#[test]
fn the_current_generation_and_older_ones_pass() {
    assert!(codes_of(&good(), REPOMD_TEXT).is_empty());
    let older = judged_at(&good(), OLDER, &Freshness::default(), 4000);
    assert_eq!(
        older,
        [(
            "yum.metalink.older-generation".to_owned(),
            Severity::Warning
        )]
    );
    assert_eq!(
        codes_of(&good(), "<repomd>2</repomd>"),
        ["yum.metalink.mismatch"]
    );
    assert_eq!(codes_of(&good(), ""), ["yum.metalink.mismatch"]);
}

#[test]
fn every_digest_and_the_size_have_to_agree() {
    for (from, to) in [
        (
            format!("<size>{}<", REPOMD_TEXT.len()),
            "<size>1<".to_owned(),
        ),
        (Digest::Md5.hex(REPOMD_TEXT.as_bytes()), "0".repeat(32)),
        (Digest::Sha1.hex(REPOMD_TEXT.as_bytes()), "0".repeat(40)),
        (Digest::Sha256.hex(REPOMD_TEXT.as_bytes()), "0".repeat(64)),
        (Digest::Sha512.hex(REPOMD_TEXT.as_bytes()), "0".repeat(128)),
    ] {
        let text = good().replacen(&from, &to, 1);
        assert_ne!(text, good());
        assert_eq!(
            codes_of(&text, REPOMD_TEXT),
            ["yum.metalink.mismatch"],
            "{to}"
        );
        // The older one is not touched by that.
        assert_eq!(codes_of(&text, OLDER), ["yum.metalink.older-generation"]);
    }
}

#[test]
fn weak_digests_alone_vouch_for_nothing() {
    let without = |content: &str| {
        let mut text = good();
        for (kind, digest) in [("sha256", Digest::Sha256), ("sha512", Digest::Sha512)] {
            let hex = digest.hex(content.as_bytes());
            text = text.replace(&format!("<hash type=\"{kind}\">{hex}</hash>"), "");
        }
        assert_ne!(text, good());
        text
    };
    assert_eq!(
        codes_of(&without(REPOMD_TEXT), REPOMD_TEXT),
        ["yum.metalink.weak-digest"]
    );
    assert_eq!(codes_of(&without(OLDER), OLDER), ["yum.metalink.mismatch"]);
    assert!(codes_of(&without(OLDER), REPOMD_TEXT).is_empty());
}

#[test]
fn hostile_and_broken_metalinks_are_refused() {
    let alternate = format!("<mm0:alternate>{}</mm0:alternate>", version(OLDER, 2000));
    let url = "https://mirror.invalid/f/repodata/repomd.xml";
    let malformed = "yum.metalink.malformed";
    for (from, to, code) in [
        (
            "<metalink",
            "<!DOCTYPE m [<!ENTITY e \"e\">]><metalink".to_owned(),
            malformed,
        ),
        ("<size>", "<size>&e;".to_owned(), malformed),
        ("<size>", "<size>-".to_owned(), malformed),
        ("<size>", "<size>+".to_owned(), malformed),
        ("<size>", "<size>99999999999999999999".to_owned(), malformed),
        ("<size>", "<size>9</size><size>".to_owned(), malformed),
        ("<mm0:timestamp>", "<mm0:timestamp>x".to_owned(), malformed),
        ("<files>", "<files/><files>".to_owned(), malformed),
        (
            "<file name=\"repomd.xml\">",
            "<file name=\"../repomd.xml\">".to_owned(),
            malformed,
        ),
        (
            "</file>",
            "</file><file name=\"repomd.xml\"/>".to_owned(),
            malformed,
        ),
        (
            "<verification>",
            "<verification/><verification>".to_owned(),
            malformed,
        ),
        (" type=\"md5\"", String::new(), malformed),
        (" type=\"md5\"", " type=\"sha1\"".to_owned(), malformed),
        (
            "<hash type=\"sha1\">",
            "<hash type=\"sha1\">zz".to_owned(),
            malformed,
        ),
        (
            "<hash type=\"md5\">",
            format!(
                "<hash type=\"md5\">{}</hash><hash type=\"md5\">",
                "0".repeat(32)
            ),
            malformed,
        ),
        (&*alternate, alternate.repeat(MOST + 1), malformed),
        (
            "<mm0:timestamp>2000",
            "<mm0:timestamp>3001".to_owned(),
            malformed,
        ),
        ("</metalink>", String::new(), malformed),
        ("metalink", "metalinks".to_owned(), malformed),
        (
            url,
            "file:///etc/repodata/repomd.xml".to_owned(),
            "yum.metalink.url",
        ),
        (url, "/repodata/repomd.xml".to_owned(), "yum.metalink.url"),
        (
            url,
            "https:///repodata/repomd.xml".to_owned(),
            "yum.metalink.url",
        ),
        (
            url,
            "https://mirror.invalid/f/repodata/other.xml".to_owned(),
            "yum.metalink.url",
        ),
        (
            url,
            "https://mirror.invalid/f/../repodata/repomd.xml".to_owned(),
            "yum.metalink.url",
        ),
        (
            url,
            "https://mirror.invalid/f&#10;/repodata/repomd.xml".to_owned(),
            "yum.metalink.url",
        ),
        (
            url,
            "https://mirror.invalid/f /repodata/repomd.xml".to_owned(),
            "yum.metalink.url",
        ),
        (url, "https://mirror.invalid".to_owned(), "yum.metalink.url"),
    ] {
        let text = good().replacen(from, &to, 1);
        assert_ne!(text, good(), "{from}");
        assert_eq!(codes_of(&text, REPOMD_TEXT), [code], "{to}");
    }
    assert_eq!(codes_of("", REPOMD_TEXT), [malformed]);
}

const MOST: usize = 100;

#[test]
fn what_it_need_not_say_may_be_missing() {
    let start = good().find("<mm0:alternates>").unwrap();
    let end = good().find("</file>").unwrap();
    let bare = good().replace(&good()[start..end], "");
    let bare = bare
        .replace("<mm0:timestamp>3000</mm0:timestamp>", "")
        .replace(" pubdate=\"Thu, 01 Jan 1970 01:00:00 GMT\"", "");
    assert!(codes_of(&bare, REPOMD_TEXT).is_empty());
    let more = good().replace("<files>", "<files><file name=\"other.xml\"/>");
    assert!(codes_of(&more, REPOMD_TEXT).is_empty());
    let strange = good().replace(
        "<verification>",
        "<verification><hash type=\"crc32\">1</hash>",
    );
    assert!(codes_of(&strange, REPOMD_TEXT).is_empty());
}

#[test]
fn dates_are_judged() {
    let day = |seconds: i64| Freshness {
        max_age: Some(SignedDuration::from_secs(seconds)),
        ..Freshness::default()
    };
    let codes = |repomd, freshness: &Freshness, now| -> Vec<String> {
        let found = judged_at(&good(), repomd, freshness, now);
        found.into_iter().map(|(code, _)| code).collect()
    };
    // The current one is of 3000, the older one of 2000, the metalink of 3600.
    assert!(codes(REPOMD_TEXT, &day(1000), 4000).is_empty());
    assert_eq!(codes(REPOMD_TEXT, &day(999), 4000), ["yum.repomd.too-old"]);
    assert_eq!(
        codes(OLDER, &day(1000), 4000),
        ["yum.metalink.older-generation", "yum.repomd.too-old"]
    );
    assert_eq!(
        codes(REPOMD_TEXT, &day(1000), 4601),
        ["yum.repomd.too-old", "yum.repomd.too-old"]
    );
    assert_eq!(
        codes(REPOMD_TEXT, &Freshness::default(), 2000),
        ["yum.repomd.future"]
    );
    let patient = Freshness {
        clock_skew: Some(SignedDuration::from_secs(1000)),
        ..Freshness::default()
    };
    assert!(codes(REPOMD_TEXT, &patient, 2000).is_empty());
}

#[test]
fn every_flipped_byte_of_a_digest_is_found_and_nothing_panics() {
    let text = good();
    let start = text.find("<file ").unwrap();
    let end = text.find("<mm0:alternates>").unwrap();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let metalink = Metalink::parse("m", &bytes);
        let now = Timestamp::from_second(4000).unwrap();
        let found = metalink.judge(REPOMD_TEXT.as_bytes(), &Freshness::default(), now);
        let hex = (start..end).contains(&at) && text.as_bytes()[at].is_ascii_hexdigit();
        let inside = text[..at].rfind('>') > text[..at].rfind('<');
        // A timestamp is no digest.
        let dated = text[..at].ends_with("<mm0:timestamp>")
            || text[..at].rfind("<mm0:timestamp>") > text[..at].rfind("</mm0:timestamp>");
        if hex && inside && !dated {
            assert!(!found.is_empty(), "byte {at}");
        }
    }
}

#[test]
fn files_are_read_and_capped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metalink.xml");
    let limits = Limits::default();
    assert!(Metalink::read(&path, &limits).is_err());
    std::fs::write(&path, good()).unwrap();
    let now = Timestamp::from_second(4000).unwrap();
    let judge = |limits: &Limits| {
        Metalink::read(&path, limits).unwrap().judge(
            REPOMD_TEXT.as_bytes(),
            &Freshness::default(),
            now,
        )
    };
    assert!(judge(&limits).is_empty());
    let small = Limits {
        side_file: 10,
        ..Limits::default()
    };
    assert_eq!(judge(&small)[0].code.id, "limit.exceeded");
}
