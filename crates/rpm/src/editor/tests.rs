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
    editor.lay_out(reserve)
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
    for (bytes, grown) in [
        (4114, 0),
        (4115, 4096),
        (4620, 4096),
        (8210, 4096),
        (8211, 8192),
    ] {
        let signed = insert_signatures(
            &header,
            SignatureTag::RESERVEDSPACE,
            &[],
            &["x".repeat(bytes - 1)],
        )
        .unwrap();
        assert_eq!(signed.grown, grown, "{bytes}");
        let end = |header: &[u8]| header.len() + padding(header.len());
        assert_eq!(end(&signed.header), end(&header) + grown);
        assert!(
            Index::parse(&signed.header, Role::Signature)
                .unwrap()
                .find(1008)
                .unwrap()
                .count
                >= 1
        );
    }
}

#[test]
fn a_header_without_reserve_gets_one() {
    let with = built(
        &[(273, Kind::String, 1, [vec![b'b'; 64], vec![0]].concat())],
        SignatureTag::RESERVEDSPACE,
        1,
    );
    // Drop the reserve by parsing it as another tag's and laying out a 1-byte 999.
    let mut editor = Editor::parse(&with, SignatureTag::RESERVEDSPACE).unwrap();
    editor.length = with.len() - 17;
    editor.put(SignatureTag::RSA, vec![1; 280]);
    let edited = editor.finish().unwrap();
    assert_eq!(edited.grown, GROWTH);
    assert_eq!(edited.header.len(), with.len() - 17 + GROWTH);
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

proptest! {
    #[test]
    fn add_then_remove_gives_back_every_bit(
        items in prop::collection::vec(any_item(), 0..10),
        reserve in 700usize..5000,
        signature in prop::collection::vec(any::<u8>(), 1..600),
        v6: bool,
    ) {
        let tag = if v6 { SignatureTag::RESERVED } else { SignatureTag::RESERVEDSPACE };
        let header = built(&items, tag, reserve);
        let mut editor = Editor::parse(&header, tag).unwrap();
        let before = editor.clone();
        // Where an aligned entry follows the reserve, several reserves give one length;
        // the largest is the canonical one.
        let header = before.finish().unwrap().header;
        editor.put(SignatureTag::RSA, signature.clone());
        let signed = editor.finish().unwrap();
        prop_assert_eq!(signed.grown, 0);
        prop_assert_eq!(signed.header.len() + padding(signed.header.len()),
                        header.len() + padding(header.len()));

        let index = Index::parse(&signed.header, Role::Signature).unwrap();
        prop_assert!(index.gaps.is_empty());
        let mut back = Editor::parse(&signed.header, tag).unwrap();
        prop_assert_eq!(back.bytes(SignatureTag::RSA), Some(signature.as_slice()));
        // Every other entry survives with its bytes, unknown tags included.
        prop_assert!(back.remove(SignatureTag::RSA));
        prop_assert_eq!(&back.items, &before.items);
        prop_assert!(back.finish().unwrap().header == header);
    }

    #[test]
    fn growth_is_the_least_and_keeps_every_entry(
        items in prop::collection::vec(any_item(), 0..10),
        reserve in 1usize..200,
        signature in prop::collection::vec(any::<u8>(), 1..9000),
    ) {
        let tag = SignatureTag::RESERVEDSPACE;
        let header = built(&items, tag, reserve);
        let mut editor = Editor::parse(&header, tag).unwrap();
        let before = editor.items.clone();
        editor.put(SignatureTag::DSA, signature);
        let least = editor.length_with(1);
        let edited = editor.finish().unwrap();
        let end = edited.header.len() + padding(edited.header.len());
        prop_assert_eq!(end, header.len() + padding(header.len()) + edited.grown);
        prop_assert!(edited.grown.is_multiple_of(GROWTH));
        if edited.grown > 0 {
            prop_assert!(least + padding(least) > end - GROWTH);
        }
        let mut back = Editor::parse(&edited.header, tag).unwrap();
        back.remove(SignatureTag::DSA);
        prop_assert_eq!(&back.items, &before);
    }
}
