use jiff::Timestamp;
use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::Severity;

use super::*;
use crate::yum::generation::sha256;

const ONE: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const TWO: &str = "FEDCBA9876543210FEDCBA9876543210FEDCBA98";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn generation(revision: &str, newest: u64, signed: i64, content: &str) -> Generation {
    Generation {
        repomd: sha256(content.as_bytes()),
        revision: Some(revision.to_owned()),
        newest: Some(newest),
        signed: Some(at(signed)),
        signers: vec![Fingerprint::parse(ONE).unwrap()],
        data: vec![(
            "primary".to_owned(),
            sha256(format!("{content}-p").as_bytes()),
        )],
    }
}

fn remembering(generations: &[Generation]) -> Memory {
    let mut memory = Memory::default();
    for (day, generation) in generations.iter().enumerate() {
        memory.remember(generation.clone(), at(1000 + day as i64));
    }
    memory
}

fn judged(memory: &Memory, now: &Generation) -> Vec<(&'static str, Severity)> {
    let findings = memory.judge(now, "repomd.xml");
    findings.iter().map(|f| (f.code.id, f.severity)).collect()
}

const ROLLBACK: (&str, Severity) = ("yum.repomd.rollback", Severity::Reject);
const EQUIVOCATION: (&str, Severity) = ("yum.repomd.equivocation", Severity::Reject);

#[test]
fn what_goes_forward_or_stays_is_good() {
    let then = generation("100", 100, 100, "a");
    assert!(judged(&Memory::default(), &then).is_empty());
    let memory = remembering(std::slice::from_ref(&then));
    for now in [
        then.clone(),
        generation("101", 100, 100, "b"),
        generation("101", 101, 101, "b"),
        // Signed later or earlier: it has another revision.
        generation("101", 100, 99, "b"),
        generation("release", 101, 101, "b"),
    ] {
        assert!(judged(&memory, &now).is_empty(), "{now:?}");
    }
    // The same, signed again.
    let again = Generation {
        signed: Some(at(200)),
        ..then
    };
    assert!(judged(&memory, &again).is_empty());
}

#[test]
fn what_goes_back_is_a_rollback() {
    let memory = remembering(&[generation("100", 100, 100, "a")]);
    for now in [
        generation("99", 101, 101, "b"),
        generation("101", 99, 101, "b"),
        generation("99", 99, 99, "b"),
        generation("100", 100, 99, "b"),
        generation("0", 0, 0, "b"),
        generation("099", 101, 101, "b"),
    ] {
        assert_eq!(judged(&memory, &now), [ROLLBACK], "{now:?}");
    }
    // Without numbers, what was seen is known again.
    let words = [
        generation("one", 100, 100, "a"),
        generation("two", 100, 100, "b"),
    ];
    let memory = remembering(&words);
    assert_eq!(judged(&memory, &words[0]), [ROLLBACK]);
    let bare = words.map(|generation| Generation {
        revision: None,
        newest: None,
        signed: None,
        ..generation
    });
    let memory = remembering(&bare);
    assert_eq!(judged(&memory, &bare[0]), [ROLLBACK]);
    assert!(judged(&memory, &bare[1]).is_empty());
}

#[test]
fn one_revision_with_two_contents_is_named() {
    let memory = remembering(&[generation("100", 100, 100, "a")]);
    for now in [
        generation("100", 100, 100, "b"),
        generation("100", 100, 101, "b"),
        generation("100", 101, 100, "b"),
    ] {
        assert_eq!(judged(&memory, &now), [EQUIVOCATION], "{now:?}");
    }
    // A publisher whose revision never changes.
    let later = generation("100", 101, 101, "b");
    assert_eq!(
        judged(&memory, &later),
        [("yum.repomd.equivocation", Severity::Warning)]
    );
}

#[test]
fn other_signers_are_told() {
    let memory = remembering(&[generation("100", 100, 100, "a")]);
    let mut now = generation("101", 101, 101, "b");
    now.signers = vec![Fingerprint::parse(TWO).unwrap()];
    assert_eq!(
        judged(&memory, &now),
        [("yum.repomd.other-signers", Severity::Warning)]
    );
    now.signers.push(Fingerprint::parse(ONE).unwrap());
    assert!(judged(&memory, &now).is_empty());
}

#[test]
fn files_and_signatures_of_known_generations_are_recognised() {
    let memory = remembering(&[
        generation("100", 100, 100, "a"),
        generation("101", 101, 101, "b"),
    ]);
    let origin = |kind, content: &str| memory.origin(kind, &sha256(content.as_bytes()));
    assert!(
        origin("primary", "a-p")
            .unwrap()
            .starts_with("revision 100, seen at ")
    );
    assert!(
        origin("primary", "b-p")
            .unwrap()
            .starts_with("revision 101")
    );
    assert_eq!(origin("other", "a-p"), None);
    assert_eq!(origin("primary", "c-p"), None);
    assert!(
        memory
            .signed_at(at(100))
            .unwrap()
            .starts_with("revision 100")
    );
    assert_eq!(memory.signed_at(at(99)), None);
}

#[test]
fn the_text_comes_back_as_it_was() {
    let mut bare = generation("x", 1, 1, "bare");
    bare.revision = None;
    bare.newest = None;
    bare.signed = None;
    bare.signers.clear();
    bare.data.clear();
    let memory = remembering(&[bare, generation("with some words", 100, 100, "a")]);
    let text = memory.to_text();
    assert!(text.starts_with("pkgseal-yum-state 1\n\nseen 1970-01-01T00:16:41Z\nrepomd "));
    assert_eq!(Memory::parse(&text), Ok(memory));
    assert_eq!(
        Memory::parse("pkgseal-yum-state 1\n"),
        Ok(Memory::default())
    );
    assert!(Memory::default().is_empty());
}

#[test]
fn what_is_remembered_is_bounded_and_known_ones_stay_where_they_are() {
    let mut memory = Memory::default();
    for number in 0..100_i64 {
        let revision = number.to_string();
        memory.remember(
            generation(&revision, number as u64, number, &revision),
            at(number),
        );
    }
    assert_eq!(memory.seen.len(), MOST);
    assert_eq!(memory.seen[0].first, at(99));
    memory.remember(generation("99", 99, 99, "99"), at(500));
    assert_eq!(memory.seen.len(), MOST);
    assert_eq!(memory.seen[0].first, at(99), "seen first, not last");
}

#[test]
fn what_is_no_state_is_refused() {
    let good = remembering(&[generation("100", 100, 100, "a")]).to_text();
    for (from, to) in [
        ("pkgseal-yum-state 1", "pkgseal-yum-state 2"),
        ("pkgseal-yum-state 1\n", ""),
        ("seen ", "sen "),
        ("seen 1970-01-01T00:16:40Z\n", ""),
        ("1970-01-01T00:16:40Z", "yesterday"),
        ("repomd ", "repomd x"),
        ("revision 100", "revision 100\nrevision 101"),
        ("revision 100", "revision"),
        ("timestamp 100", "timestamp -1"),
        ("signed ", "signed x"),
        (ONE, "0123456789ABCDEF"),
        ("data primary sha256", "data primary"),
        ("data primary sha256", "data primary crc32"),
        ("data primary", "data pri\tmary"),
        ("data primary sha256 ", "data primary sha256 0"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert!(Memory::parse(&text).is_err(), "{text}");
    }
    let many = "seen 2025-03-01T00:00:00Z\nrepomd ".to_owned() + &"0".repeat(64) + "\n\n";
    let many = format!("pkgseal-yum-state 1\n\n{}", many.repeat(MOST + 1));
    assert!(Memory::parse(&many).unwrap_err().contains("more than"));
}

#[test]
fn files_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    assert!(Memory::load(&path).unwrap().is_empty());
    let memory = remembering(&[generation("100", 100, 100, "a")]);
    memory.save(&path).unwrap();
    assert_eq!(Memory::load(&path).unwrap(), memory);
    for bytes in [&b"nonsense"[..], b"\xff\xfe"] {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(Memory::load(&path), Err(Error::State { .. })));
    }
    assert!(memory.save(&folder.path().join("no/such/folder")).is_err());
}
