#![expect(clippy::cast_possible_truncation, reason = "small headers")]

use proptest::prelude::*;

use super::*;

/// A header of entries `(tag, kind, count, data)`, laid out without gaps.
fn build(role: Role, entries: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut index = Vec::new();
    for (tag, kind, count, bytes) in entries {
        let alignment = Kind::from_number(*kind).map_or(1, Kind::alignment);
        data.resize(data.len().next_multiple_of(alignment), 0);
        for word in [*tag, *kind, data.len() as u32, *count] {
            index.extend(word.to_be_bytes());
        }
        data.extend_from_slice(bytes);
    }
    let count = entries.len() as u32 + 1;
    let region = role.region();
    let mut header = MAGIC.to_vec();
    header.extend(count.to_be_bytes());
    header.extend((data.len() as u32 + 16).to_be_bytes());
    for word in [region, 7, data.len() as u32, 16] {
        header.extend(word.to_be_bytes());
    }
    header.extend(index);
    header.extend(data);
    for word in [region, 7, (16 * count).wrapping_neg(), 16] {
        header.extend(word.to_be_bytes());
    }
    header
}

fn sample() -> Vec<u8> {
    build(
        Role::Main,
        &[
            (1000, 6, 1, b"hello\0"),
            (1003, 4, 1, &[0, 0, 0, 7]),
            (1027, 8, 2, b"a\0b\0"),
            (1028, 5, 1, &[0, 0, 0, 0, 0, 0, 1, 0]),
        ],
    )
}

/// Overwrites a 32-bit word.
fn with(mut header: Vec<u8>, at: usize, word: u32) -> Vec<u8> {
    header[at..at + 4].copy_from_slice(&word.to_be_bytes());
    header
}

fn fault(header: &[u8], role: Role) -> String {
    Index::parse(header, role).unwrap_err().detail
}

#[test]
fn reads_entries_of_every_shape() {
    let header = sample();
    let index = Index::parse(&header, Role::Main).unwrap();
    assert_eq!(index.string(&header, 1000), Some(&b"hello"[..]));
    assert_eq!(index.integer(&header, 1003), Some(7));
    assert_eq!(index.integer(&header, 1028), Some(256));
    let strings: Vec<_> = index.strings(&header, 1027).unwrap().collect();
    assert_eq!(strings, [b"a", b"b"]);
    assert!(index.gaps.is_empty());
    assert_eq!(index.string(&header, 1001), None);
}

#[test]
fn limits_stop_before_anything_is_allocated() {
    for (entries, data, role) in [
        (0, 100, Role::Main),
        (65_536, 100, Role::Main),
        (0x1000_0001, 0xffff_fff0, Role::Main),
        (33, 100, Role::Signature),
        (2, 0x1000_0000, Role::Main),
        (2, (64 << 20) + 1, Role::Signature),
    ] {
        let header = with(with(sample(), 8, entries), 12, data);
        let intro = header.first_chunk().unwrap();
        assert!(Intro::parse(intro, role).is_err(), "{entries} {data}");
    }
}

#[test]
fn broken_index_entries_are_named() {
    let entry = INTRO + ENTRY;
    for (at, word, words) in [
        (entry, 99, "below 100"),
        (entry + 4, 0, "unknown type"),
        (entry + 4, 10, "unknown type"),
        (entry + 8, 0x7fff_ffff, "outside"),
        (entry + 8, u32::MAX, "outside"),
        (entry + 12, 0, "impossible count"),
        (entry + 12, 0x0010_0000, "impossible count"),
        (entry + 12, 2, "one string"),
        // The second entry's data moved onto the first's, then off its alignment.
        (entry + 16 + 8, 0, "overlap"),
        (entry + 16 + 8, 9, "not aligned"),
        // A string array that would run over the trailer.
        (entry + 32 + 12, 60, "do not end"),
    ] {
        let detail = fault(&with(sample(), at, word), Role::Main);
        assert!(detail.contains(words), "{at} {word}: {detail}");
    }
}

#[test]
fn region_must_span_the_main_header() {
    let header = sample();
    let end = header.len();
    for (broken, words) in [
        (with(header.clone(), INTRO, 1000), "no region"),
        (with(header.clone(), INTRO + 4, 6), "not 16 bytes"),
        (with(header.clone(), INTRO + 8, 0x00ff_ffff), "outside"),
        (with(header.clone(), end - 16, 62), "trailer has tag"),
        (with(header.clone(), end - 12, 6), "not 16 bytes"),
        (with(header.clone(), end - 8, 80), "spans"),
        (with(header.clone(), end - 8, 64u32.wrapping_neg()), "span"),
        (with(header.clone(), end - 8, 60u32.wrapping_neg()), "spans"),
        (with(header, end - 4, 17), "not 16 bytes"),
    ] {
        let found = Index::parse(&broken, Role::Main).unwrap_err();
        assert!(found.region && found.detail.contains(words), "{found:?}");
    }
}

#[test]
fn dribbles_of_a_signature_header_are_marked() {
    // Shrink the region by one entry: rpm tolerates entries behind it.
    let mut header = build(Role::Signature, &[(269, 6, 1, b"aa\0")]);
    let data = u32::from_be_bytes(*header[12..].first_chunk().unwrap());
    let entry: Vec<u8> = [274u32, 6, data, 1]
        .iter()
        .flat_map(|w| w.to_be_bytes())
        .collect();
    let at = INTRO + 2 * ENTRY;
    header.splice(at..at, entry);
    header.extend(b"xyz\0");
    let header = with(with(header, 8, 3), 12, data + 4);
    let index = Index::parse(&header, Role::Signature).unwrap();
    assert_eq!(
        index.entries.iter().map(|e| e.dribble).collect::<Vec<_>>(),
        [false, true]
    );
    assert_eq!(index.string(&header, 274), Some(&b"xyz"[..]));
    // The main header tolerates none.
    let main = with(header, INTRO, 63);
    assert!(Index::parse(&main, Role::Main).is_err());
}

#[test]
fn unlisted_bytes_are_found() {
    let mut header = build(Role::Signature, &[(1000, 4, 1, &[0, 0, 0, 1])]);
    let trailer = header.len() - 16;
    header.splice(trailer..trailer, *b"covert!!");
    let data = u32::from_be_bytes(*header[12..].first_chunk().unwrap()) + 8;
    let header = with(with(header, 12, data), INTRO + 8, data - 16);
    let index = Index::parse(&header, Role::Signature).unwrap();
    assert_eq!(index.gaps.len(), 1);
    assert_eq!(&header[index.gaps[0].range.clone()], b"covert!!");
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        mut header in prop::collection::vec(any::<u8>(), 0..400),
        entries in 0u32..20,
        data in 0u32..200,
        signature: bool,
    ) {
        let role = if signature { Role::Signature } else { Role::Main };
        let length = INTRO + ENTRY * entries as usize + data as usize;
        header.resize(length.max(INTRO), 0);
        header[..8].copy_from_slice(&MAGIC);
        let header = with(with(header, 8, entries), 12, data);
        if let Ok(index) = Index::parse(&header, role) {
            for entry in &index.entries {
                prop_assert!(header.get(entry.range.clone()).is_some());
            }
        }
    }

    #[test]
    fn every_altered_word_is_refused_or_read_within_bounds(at in 0usize..40, word: u32) {
        let header = sample();
        let at = (at * 4).min(header.len() - 4);
        let header = with(header, at, word);
        if let Ok(index) = Index::parse(&header, Role::Main) {
            for entry in &index.entries {
                prop_assert!(header.get(entry.range.clone()).is_some());
            }
        }
    }
}
