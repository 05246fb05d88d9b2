use proptest::prelude::*;

use super::*;

fn record(old: Vec<u8>, new: Vec<u8>, rest: &[u8], main: usize) -> Record {
    Record {
        name: "hello.rpm".into(),
        size: (old.len() + rest.len()) as u64,
        main: main as u64,
        digest: DigestAlgorithm::Sha256.digest(&rest[..main]),
        old,
        new,
    }
}

fn file(bytes: &[u8]) -> File {
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file
}

fn content(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.metadata().unwrap().len()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn head() -> impl Strategy<Value = Vec<u8>> {
    let part = || prop::collection::vec(any::<u8>(), 0..50);
    (part(), 0usize..200, part())
        .prop_map(|(before, zeros, after)| [before, vec![0; zeros], after].concat())
}

proptest! {
    #[test]
    fn journals_are_read_as_written_and_not_when_anything_is_amiss(
        heads in prop::collection::vec((head(), head()), 0..5),
        at: prop::sample::Index,
        bit in 0u8..8,
    ) {
        let records: Vec<_> = heads
            .into_iter()
            .map(|(old, new)| record(old, new, b"main header and payload", 11))
            .collect();
        let bytes = encode(&records);
        prop_assert_eq!(decode(&bytes).unwrap(), records);
        let at = at.index(bytes.len());
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        prop_assert!(decode(&flipped).is_none());
        prop_assert!(decode(&bytes[..at]).is_none());
    }

    /// Wherever a write stops, in whatever order pages and sectors reach the disk: the next
    /// run recognises it, and nothing but the head is ever touched.
    #[test]
    fn whatever_is_torn_is_completed(
        head in prop::collection::vec((any::<u8>(), any::<u8>(), any::<bool>()), 1..300),
        rest in prop::collection::vec(any::<u8>(), 1..100),
    ) {
        let old: Vec<u8> = head.iter().map(|(old, _, _)| *old).collect();
        let new: Vec<u8> = head.iter().map(|(_, new, _)| *new).collect();
        let torn: Vec<u8> = head.iter().map(|(old, new, done)| if *done { *new } else { *old }).collect();
        let record = record(old, new, &rest, rest.len() / 2);
        let file = file(&[&torn[..], &rest].concat());
        let state = record.state(&file).unwrap();
        prop_assert!(state != State::Other);
        record.apply(&file, state).unwrap();
        prop_assert!(content(&file) == [&record.new[..], &rest].concat());
        prop_assert_eq!(record.state(&file).unwrap(), State::New);
    }

    #[test]
    fn hostile_journals_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut journal = [TITLE, &bytes].concat();
        journal.extend(DigestAlgorithm::Sha256.digest(&journal));
        let _ = decode(&journal);
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["", ".", "..", "../hello.rpm", "/etc/passwd", "a/b"] {
        let mut record = record(vec![1], vec![2], b"rest", 1);
        record.name = name.into();
        assert!(decode(&encode(&[record])).is_none(), "{name:?}");
    }
}

#[test]
fn what_somebody_else_changed_is_left_alone() {
    let rest = b"main header and payload";
    let (old, new) = (vec![1; 8], vec![2; 8]);
    let record = record(old.clone(), new, rest, 11);
    for other in [
        // A third head, another main header, another length.
        [&[3; 8][..], rest].concat(),
        [&old[..], b"MAIN header and payload"].concat(),
        [&old[..], rest, b"more"].concat(),
        old,
        Vec::new(),
    ] {
        let file = file(&other);
        assert_eq!(record.state(&file).unwrap(), State::Other);
        record.apply(&file, State::Other).unwrap();
        assert!(content(&file) == other);
    }
}

/// Room is inserted and taken away where the file system can.
#[test]
fn a_head_grows_and_shrinks_without_the_payload() {
    let rest: Vec<u8> = (0..20_000u32).map(|n| (n % 251) as u8).collect();
    let (small, large) = (vec![1; 100], vec![2; 100 + 8192]);
    for (old, new) in [(&small, &large), (&large, &small)] {
        let record = record(old.clone(), new.clone(), &rest, 500);
        let file = file(&[&old[..], &rest].concat());
        assert_eq!(record.state(&file).unwrap(), State::Old);
        match record.shift(&file) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                println!("SKIP: this file system inserts no ranges");
                return;
            }
            shifted => shifted.unwrap(),
        }
        let state = record.state(&file).unwrap();
        assert_eq!(state, State::Shifted);
        record.apply(&file, state).unwrap();
        assert!(content(&file) == [&new[..], &rest].concat());
        assert_eq!(record.state(&file).unwrap(), State::New);
    }
}
