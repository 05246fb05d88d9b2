use proptest::prelude::*;

use super::*;

/// A header as rpmbuild leaves it, with `reserve` bytes of reserve.
fn built(items: &[(u32, Kind, usize, Vec<u8>)], tag: SignatureTag, reserve: usize) -> Vec<u8> {
    let mut editor = Editor {
        items: Vec::new(),
        reserve: tag,
        length: 0,
    };
    for (number, kind, count, data) in items {
        editor.set(SignatureTag(*number), *kind, *count, data.clone());
    }
    editor.lay_out(Some(reserve), &[])
}

fn rpmbuild() -> Vec<u8> {
    built(
        &[
            (269, Kind::String, 1, [vec![b'a'; 40], vec![0]].concat()),
            (273, Kind::String, 1, [vec![b'b'; 64], vec![0]].concat()),
            (1000, Kind::Int32, 1, vec![0, 0, 1, 2]),
            (1004, Kind::Bin, 16, vec![7; 16]),
            (1007, Kind::Int32, 1, vec![0, 0, 3, 4]),
        ],
        SignatureTag::RESERVEDSPACE,
        4128,
    )
}

#[test]
fn lays_out_what_rpmbuild_writes() {
    let header = rpmbuild();
    assert_eq!(header.len(), 4404);
    let index = Index::parse(&header, Role::Signature).unwrap();
    let offsets: Vec<_> = index
        .entries
        .iter()
        .map(|e| e.range.start - INTRO - ENTRY * 7)
        .collect();
    assert_eq!(offsets, [0, 41, 108, 112, 128, 132]);
    assert!(index.gaps.is_empty());
}

#[test]
fn untouched_header_comes_back() {
    let header = rpmbuild();
    let editor = Editor::parse(&header, SignatureTag::RESERVEDSPACE).unwrap();
    let edited = editor.finish().unwrap();
    assert_eq!(edited.header, header);
    assert_eq!(edited.grown, 0);
}

#[test]
fn a_signature_takes_its_space_from_the_reserve() {
    let header = rpmbuild();
    let signed = insert_signatures(
        &header,
        SignatureTag::RESERVEDSPACE,
        &[(SignatureTag::RSA, vec![9; 566])],
        &[],
    )
    .unwrap();
    assert_eq!(signed.header.len(), header.len());
    let index = Index::parse(&signed.header, Role::Signature).unwrap();
    // What rpmsign left in a package of the same shape.
    assert_eq!(index.find(1008).unwrap().count, 3548);
    assert_eq!(index.find(268).unwrap().range.len(), 566);
}

#[test]
fn a_large_signature_grows_by_blocks() {
    let header = rpmbuild();
    // A reserve takes 17 bytes at least, a note 16 more; entries may also take all there is.
    for (bytes, grown) in [
        (4110, 0),
        (4111, 4096),
        (4126, 4096),
        (4127, 0),
        (4130, 0),
        (4131, 4096),
        (4620, 4096),
        (8198, 4096),
        (8199, 8192),
    ] {
        let signed = insert_signatures(
            &header,
            SignatureTag::RESERVEDSPACE,
            &[],
            &["x".repeat(bytes - 1)],
        )
        .unwrap();
        assert_eq!(signed.grown, grown, "{bytes}");
        assert_eq!(end(signed.header.len()), end(header.len()) + grown);
        let index = Index::parse(&signed.header, Role::Signature).unwrap();
        let reserve = index.find(1008).map_or(0, |reserve| reserve.count);
        assert!(reserve >= if grown > 0 { NOTE } else { 0 }, "{bytes}");
        // And everything is given back.
        let mut back = Editor::parse(&signed.header, SignatureTag::RESERVEDSPACE).unwrap();
        back.remove(SignatureTag::OPENPGP);
        let back = back.finish().unwrap();
        assert!(back.header == header && back.grown == 0, "{bytes}");
    }
}

#[test]
fn only_the_note_of_a_grown_header_may_stand_in_the_reserve() {
    let tag = SignatureTag::RESERVEDSPACE;
    let canonical = |header: &[u8]| {
        let index = Index::parse(header, Role::Signature).unwrap();
        Editor::reserve_is_canonical(header, &index, tag)
    };
    let plain = rpmbuild();
    assert!(canonical(&plain));
    let big = ["x".repeat(4620)];
    let grown = insert_signatures(&plain, tag, &[], &big).unwrap().header;
    assert!(canonical(&grown));
    let reserve = |header: &[u8]| {
        let index = Index::parse(header, Role::Signature).unwrap();
        index.find(tag.0).unwrap().range.clone()
    };
    let place = reserve(&grown);
    assert_eq!(&grown[place.end - NOTE..place.end - 4], b"pkgseal grew");
    for at in [
        place.start,
        place.end - NOTE - 1,
        place.end - NOTE,
        place.end - 1,
        place.end - 2,
    ] {
        let mut other = grown.clone();
        other[at] ^= 1;
        assert!(!canonical(&other), "{at}");
    }
    // A note in a header that had no need to grow.
    let mut claimed = plain.clone();
    let place = reserve(&plain);
    claimed[place.end - NOTE..place.end - 4].copy_from_slice(&NOTE_WORD);
    claimed[place.end - 4..place.end].copy_from_slice(&308u32.to_be_bytes());
    assert!(!canonical(&claimed));
    claimed[place.end - 4..place.end].copy_from_slice(&0x4000_0000u32.to_be_bytes());
    assert!(!canonical(&claimed));
}

#[test]
fn a_header_without_reserve_gets_one() {
    let with = built(
        &[(273, Kind::String, 1, [vec![b'b'; 64], vec![0]].concat())],
        SignatureTag::RESERVEDSPACE,
        1,
    );
    let without = {
        let editor = Editor::parse(&with, SignatureTag::RESERVEDSPACE).unwrap();
        editor.lay_out(None, &[])
    };
    let mut editor = Editor::parse(&without, SignatureTag::RESERVEDSPACE).unwrap();
    assert_eq!(editor.finish().unwrap().header, without);
    editor.put(SignatureTag::RSA, vec![1; 280]);
    let edited = editor.finish().unwrap();
    assert_eq!(edited.grown, GROWTH);
    assert_eq!(edited.header.len(), without.len() + GROWTH);
    let mut back = Editor::parse(&edited.header, SignatureTag::RESERVEDSPACE).unwrap();
    back.remove(SignatureTag::RSA);
    assert_eq!(back.finish().unwrap().header, without);
}

#[test]
fn more_than_32_entries_are_refused() {
    let mut editor = Editor::parse(&rpmbuild(), SignatureTag::RESERVEDSPACE).unwrap();
    for tag in 2000..2030 {
        editor.put(SignatureTag(tag), vec![1]);
    }
    assert!(matches!(editor.finish(), Err(Error::TooLarge { .. })));
}

fn any_item() -> impl Strategy<Value = (u32, Kind, usize, Vec<u8>)> {
    let tag = prop_oneof![
        Just(269),
        Just(273),
        Just(274),
        Just(279),
        Just(1000),
        Just(1004),
        300u32..900,
        1010u32..3000
    ];
    let text = "[ -~]{0,80}";
    (tag, 0usize..5, text, 1usize..5).prop_map(|(tag, kind, text, count)| match kind {
        0 => (tag, Kind::Int32, count, vec![3; 4 * count]),
        1 => (tag, Kind::Int64, count, vec![4; 8 * count]),
        2 => (tag, Kind::Bin, text.len() + 1, vec![5; text.len() + 1]),
        3 => (tag, Kind::String, 1, [text.as_bytes(), &[0]].concat()),
        _ => (
            tag,
            Kind::StringArray,
            count,
            [text.as_bytes(), &[0]].concat().repeat(count),
        ),
    })
}

/// Puts signatures of these sizes into their tags.
fn put(editor: &mut Editor, signatures: &[(SignatureTag, usize)]) {
    for (tag, bytes) in signatures {
        editor.put(*tag, vec![9; *bytes]);
    }
}

fn finished(editor: &Editor) -> Vec<u8> {
    editor.finish().unwrap().header
}

fn parsed(header: &[u8], tag: SignatureTag) -> Editor {
    let index = Index::parse(header, Role::Signature).unwrap();
    assert!(index.gaps.is_empty());
    assert!(Editor::reserve_is_canonical(header, &index, tag));
    Editor::parse(header, tag).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Signatures go in and out, in any order, fitting the reserve or not: what is left is
    /// what the header would be if the others had never been there.
    #[test]
    fn add_then_remove_gives_back_every_bit(
        items in prop::collection::vec(any_item(), 0..10),
        // None at all, hardly any, the usual, a lot.
        reserve in prop_oneof![Just(0), 1usize..200, 700usize..5000, Just(16416)],
        first in 1usize..9000,
        second in prop_oneof![1usize..700, 1usize..9000],
        v6: bool,
    ) {
        let tag = if v6 { SignatureTag::RESERVED } else { SignatureTag::RESERVEDSPACE };
        let built = match reserve {
            0 => {
                let editor = Editor::parse(&built(&items, tag, 1), tag).unwrap();
                editor.lay_out(None, &[])
            }
            _ => built(&items, tag, reserve),
        };
        // Where an aligned entry follows the reserve, several reserves give one length;
        // the largest is the canonical one.
        let header = finished(&parsed(&built, tag));
        prop_assert_eq!(header.len(), built.len());
        let original = parsed(&header, tag);
        let (rsa, gpg) = ((SignatureTag::RSA, first), (SignatureTag::GPG, second));

        let one = |signature| {
            let mut editor = original.clone();
            put(&mut editor, &[signature]);
            finished(&editor)
        };
        let (with_rsa, with_gpg) = (one(rsa), one(gpg));
        let mut editor = parsed(&with_rsa, tag);
        put(&mut editor, &[gpg]);
        let both = finished(&editor);
        let mut editor = parsed(&with_gpg, tag);
        put(&mut editor, &[rsa]);
        prop_assert!(both == finished(&editor), "the order shows");

        for (added, removed, left) in [
            (&with_rsa, SignatureTag::RSA, &header),
            (&with_gpg, SignatureTag::GPG, &header),
            (&both, SignatureTag::RSA, &with_gpg),
            (&both, SignatureTag::GPG, &with_rsa),
        ] {
            let mut editor = parsed(added, tag);
            prop_assert!(editor.remove(removed));
            prop_assert!(&finished(&editor) == left);
        }

        // Every other entry survives with its bytes, unknown tags included.
        let mut back = parsed(&both, tag);
        prop_assert_eq!(back.bytes(SignatureTag::RSA).map(<[u8]>::len), Some(first));
        back.remove(SignatureTag::RSA);
        back.remove(SignatureTag::GPG);
        prop_assert_eq!(&back.items, &original.items);
    }

    #[test]
    fn growth_is_the_least_and_by_blocks(
        items in prop::collection::vec(any_item(), 0..10),
        reserve in 1usize..200,
        signature in prop::collection::vec(any::<u8>(), 1..9000),
    ) {
        let tag = SignatureTag::RESERVEDSPACE;
        let header = built(&items, tag, reserve);
        let mut editor = Editor::parse(&header, tag).unwrap();
        editor.put(SignatureTag::DSA, signature);
        let edited = editor.finish().unwrap();
        let end = edited.header.len() + padding(edited.header.len());
        prop_assert_eq!(end, header.len() + padding(header.len()) + edited.grown);
        prop_assert!(edited.grown.is_multiple_of(GROWTH));
        if edited.grown > 0 {
            // What is aligned behind the reserve may need a few bytes more.
            prop_assert!(editor.length_with(Some(NOTE + 16)) > edited.header.len() - GROWTH);
        }
    }

    #[test]
    fn hostile_reserves_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 1..100),
        length in prop_oneof![any::<u32>(), 0u32..5000],
        note: bool,
    ) {
        let tag = SignatureTag::RESERVEDSPACE;
        let mut header = rpmbuild();
        let place = Index::parse(&header, Role::Signature).unwrap().find(tag.0).unwrap().range.clone();
        header[place.start..place.start + bytes.len()].copy_from_slice(&bytes);
        if note {
            header[place.end - NOTE..place.end - 4].copy_from_slice(&NOTE_WORD);
            header[place.end - 4..place.end].copy_from_slice(&length.to_be_bytes());
        }
        let index = Index::parse(&header, Role::Signature).unwrap();
        let zeros = bytes.iter().all(|&byte| byte == 0) && !note;
        prop_assert_eq!(Editor::reserve_is_canonical(&header, &index, tag), zeros);
        prop_assert!(Editor::parse(&header, tag).unwrap().finish().is_ok());
    }
}
