use std::io::Write;

use proptest::prelude::*;

use super::*;

fn compress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None => bytes.to_vec(),
        Compression::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(6));
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Xz => {
            let mut encoder = xz2::write::XzEncoder::new(Vec::new(), 6);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Lzma => {
            let options = xz2::stream::LzmaOptions::new_preset(6).unwrap();
            let stream = Stream::new_lzma_encoder(&options).unwrap();
            let mut encoder = xz2::write::XzEncoder::new_stream(Vec::new(), stream);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zstd => zstd::encode_all(bytes, 3).unwrap(),
        Compression::Lz4 => lz4(bytes, lz4_flex::frame::FrameInfo::new()),
    }
}

fn lz4(bytes: &[u8], info: lz4_flex::frame::FrameInfo) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn decompress(compression: Compression, bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    Decompressor::new(bytes, compression, limit)?.read_to_end(&mut out)?;
    Ok(out)
}

fn compressed() -> impl Iterator<Item = Compression> {
    Compression::ALL
        .into_iter()
        .filter(|compression| *compression != Compression::None)
}

#[test]
fn names_and_magic_numbers_are_told_apart() {
    for compression in Compression::ALL {
        let name = format!("Packages{}", compression.suffix());
        assert_eq!(Compression::from_name(&name), compression);
        let by_magic = Compression::from_magic(&compress(compression, b"text"));
        if compression == Compression::Lzma {
            assert_eq!(by_magic, Compression::None);
        } else {
            assert_eq!(by_magic, compression);
        }
    }
    assert_eq!(Compression::from_name("gz"), Compression::None);
    assert_eq!(Compression::from_magic(b""), Compression::None);
}

#[test]
fn a_stream_is_read_up_to_its_limit() {
    let text = b"a longer text ".repeat(10_000);
    for compression in Compression::ALL {
        let packed = compress(compression, &text);
        let limit = text.len() as u64;
        assert_eq!(decompress(compression, &packed, limit).unwrap(), text);
        for limit in [0, 1, limit - 1] {
            let refused = decompress(compression, &packed, limit).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::FileTooLarge, "{compression:?}");
        }
    }
}

#[test]
fn an_empty_text_is_fine_and_an_empty_stream_is_not() {
    for compression in compressed() {
        assert_eq!(
            decompress(compression, &compress(compression, b""), 0).unwrap(),
            b""
        );
        assert!(decompress(compression, b"", 10).is_err(), "{compression:?}");
    }
    assert_eq!(decompress(Compression::None, b"", 0).unwrap(), b"");
}

#[test]
fn concatenated_members_are_one_text() {
    // The .lzma format has no such thing.
    for compression in compressed().filter(|c| *c != Compression::Lzma) {
        let mut packed = compress(compression, b"one ");
        packed.extend(compress(compression, b""));
        packed.extend(compress(compression, b"two"));
        assert_eq!(decompress(compression, &packed, 7).unwrap(), b"one two");
        assert!(decompress(compression, &packed, 6).is_err());
    }
}

#[test]
fn trailing_garbage_is_an_error() {
    for compression in compressed() {
        for garbage in [&b"x"[..], b"\0", b"garbage that is longer", &[0xff; 100]] {
            let mut packed = compress(compression, b"text");
            packed.extend(garbage);
            assert!(
                decompress(compression, &packed, 100).is_err(),
                "{compression:?} {garbage:?}"
            );
        }
    }
}

#[test]
fn every_truncation_is_an_error() {
    for compression in compressed() {
        let packed = compress(compression, &b"some text ".repeat(20));
        for length in 0..packed.len() {
            let refused = decompress(compression, &packed[..length], 1000);
            assert!(refused.is_err(), "{compression:?} cut at {length}");
        }
    }
}

#[test]
fn every_form_of_lz4_frame_is_read_and_its_cuts_are_found() {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameInfo};
    let text: Vec<u8> = (0..200_000u32).map(|n| (n / 7 % 251) as u8).collect();
    for mode in [BlockMode::Independent, BlockMode::Linked] {
        for checksums in [false, true] {
            let info = FrameInfo::new()
                .block_size(BlockSize::Max64KB)
                .block_mode(mode)
                .block_checksums(checksums)
                .content_checksum(checksums)
                .content_size(checksums.then_some(text.len() as u64));
            let packed = lz4(&text, info);
            assert_eq!(
                decompress(Compression::Lz4, &packed, 200_000).unwrap(),
                text
            );
            for length in 0..packed.len() {
                assert!(decompress(Compression::Lz4, &packed[..length], 200_000).is_err());
            }
            let mut flipped = packed.clone();
            *flipped.last_mut().unwrap() ^= 1;
            assert!(decompress(Compression::Lz4, &flipped, 200_000).is_err());
        }
    }
    // The block format of old, which no apt writes.
    assert!(decompress(Compression::Lz4, &[0x02, 0x21, 0x4c, 0x18, 0, 0], 10).is_err());
}

#[test]
fn a_decoder_that_wants_too_much_memory_is_refused() {
    // A dictionary of 1.5 GiB, of which nothing is used.
    let options = {
        let mut options = xz2::stream::LzmaOptions::new_preset(0).unwrap();
        options.dict_size(64 << 20);
        options
    };
    let stream = Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = xz2::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(b"text").unwrap();
    let mut packed = encoder.finish().unwrap();
    assert_eq!(decompress(Compression::Lzma, &packed, 10).unwrap(), b"text");
    // The dictionary size stands in bytes 1 to 4.
    packed[1..5].copy_from_slice(&(1536u32 << 20).to_le_bytes());
    assert!(decompress(Compression::Lzma, &packed, 10).is_err());

    // Window descriptor of a frame without content size: exponent 18, 256 MiB.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 0x01, 0x00, 0x00];
    assert!(decompress(Compression::Zstd, &frame, 10).is_err());
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3, 0x01, 0x00, 0x00];
    assert_eq!(decompress(Compression::Zstd, &frame, 10).unwrap(), b"");
}

proptest! {
    #[test]
    fn nonsense_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for compression in Compression::ALL {
            let _ = decompress(compression, &bytes, 1 << 16);
            let mut packed = compress(compression, b"text");
            packed.truncate(packed.len() / 2);
            packed.extend(&bytes);
            let _ = decompress(compression, &packed, 1 << 16);
        }
    }
}
