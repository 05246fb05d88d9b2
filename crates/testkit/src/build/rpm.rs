//! `.rpm` packages of both formats, and their signature headers taken apart.

use rpm::{BuildConfig, CompressionType, FileOptions, PackageBuilder};

use super::{BUILT, Compression};

/// Which package format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Format {
    V4,
    V6,
}

/// A small package.
#[derive(Clone, Debug)]
pub struct Rpm {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Release.
    pub release: String,
    /// Architecture; `src` makes no source package, see `source`.
    pub architecture: String,
    /// Files: absolute path, content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Package format.
    pub format: Format,
    /// Compression of the payload.
    pub compression: Compression,
    /// Bytes kept free for signatures; `None` leaves the reserve out.
    pub reserve: Option<u32>,
}

impl Rpm {
    /// A gzip package with one file.
    pub fn new(name: &str, version: &str, architecture: &str, format: Format) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            release: "1".into(),
            architecture: architecture.into(),
            files: vec![(
                format!("/usr/share/doc/{name}/README"),
                format!("{name} {version} for {architecture}: a test package\n").into(),
            )],
            format,
            compression: Compression::Gzip,
            // rpm's own default is 4096; small fixtures keep flips and cuts quick.
            reserve: Some(1024),
        }
    }

    /// Compresses its payload so.
    #[must_use]
    pub fn compressed(self, compression: Compression) -> Self {
        Self {
            compression,
            ..self
        }
    }

    /// Keeps so much free for signatures.
    #[must_use]
    pub fn reserve(self, reserve: Option<u32>) -> Self {
        Self { reserve, ..self }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        self.files.push((path.into(), content.into()));
        self
    }

    /// `NAME-VERSION-RELEASE.ARCHITECTURE.rpm`.
    pub fn file_name(&self) -> String {
        format!(
            "{}-{}-{}.{}.rpm",
            self.name, self.version, self.release, self.architecture
        )
    }

    /// The unsigned package.
    pub fn build(&self) -> Vec<u8> {
        let config = match self.format {
            Format::V4 => BuildConfig::v4(),
            Format::V6 => BuildConfig::v6(),
        }
        .compression(match self.compression {
            Compression::None => CompressionType::None,
            Compression::Gzip => CompressionType::Gzip,
            Compression::Xz => CompressionType::Xz,
            Compression::Zstd => CompressionType::Zstd,
            Compression::Bzip2 => CompressionType::Bzip2,
        })
        .source_date(u32::try_from(BUILT).unwrap())
        .reserved_space(self.reserve);
        let mut builder = PackageBuilder::new(
            &self.name,
            &self.version,
            "MIT",
            &self.architecture,
            "test package",
        );
        builder
            .using_config(config)
            .release(&*self.release)
            .build_host("test.invalid")
            .packager("pkgseal TEST <test@test.invalid>")
            .description("It holds nothing of use.");
        for (path, content) in &self.files {
            builder
                .with_file_contents(content.clone(), FileOptions::new(path))
                .unwrap();
        }
        let mut bytes = Vec::new();
        builder.build().unwrap().write(&mut bytes).unwrap();
        // The crate leaves version and release out of the lead's name.
        let full = format!("{}-{}-{}", self.name, self.version, self.release);
        bytes[10..76].fill(0);
        bytes[10..10 + full.len()].copy_from_slice(full.as_bytes());
        bytes
    }
}

/// Tags of a signature header.
pub mod tag {
    #![expect(missing_docs, reason = "rpm's own names")]
    pub const REGION: u32 = 62;
    pub const DSA: u32 = 267;
    pub const RSA: u32 = 268;
    pub const SHA1: u32 = 269;
    pub const SHA256: u32 = 273;
    pub const OPENPGP: u32 = 278;
    pub const SHA3_256: u32 = 279;
    pub const RESERVED: u32 = 999;
    pub const SIZE: u32 = 1000;
    pub const PGP: u32 = 1002;
    pub const MD5: u32 = 1004;
    pub const GPG: u32 = 1005;
    pub const PAYLOADSIZE: u32 = 1007;
    pub const RESERVEDSPACE: u32 = 1008;
}

/// One entry of a signature header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its number, see [`tag`].
    pub tag: u32,
    /// Its type (rpm's number: 4 int32, 6 string, 7 binary, 8 string array).
    pub kind: u32,
    /// How many values.
    pub count: u32,
    /// Its data, NULs included.
    pub data: Vec<u8>,
}

impl Tag {
    /// A binary value.
    pub fn binary(tag: u32, data: &[u8]) -> Self {
        Self {
            tag,
            kind: 7,
            count: data.len() as u32,
            data: data.into(),
        }
    }

    /// A string.
    pub fn string(tag: u32, text: &str) -> Self {
        Self {
            tag,
            kind: 6,
            count: 1,
            data: [text.as_bytes(), b"\0"].concat(),
        }
    }

    /// An array of strings.
    pub fn strings(tag: u32, texts: &[String]) -> Self {
        Self {
            tag,
            kind: 8,
            count: texts.len() as u32,
            data: texts
                .iter()
                .flat_map(|text| [text.as_bytes(), b"\0"].concat())
                .collect(),
        }
    }
}

/// A package taken apart; every part can be exchanged.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The 96 bytes of the lead.
    pub lead: Vec<u8>,
    /// Entries of the signature header, without the region.
    pub signature: Vec<Tag>,
    /// The main header, from its magic number to its last data byte.
    pub header: Vec<u8>,
    /// The payload as stored.
    pub payload: Vec<u8>,
}

impl Parts {
    /// Takes apart what a builder made.
    ///
    /// # Panics
    /// When it is no well-formed package.
    pub fn read(package: &[u8]) -> Self {
        let (lead, rest) = package.split_at(96);
        let blob = blob_size(rest);
        let signature = entries(&rest[..blob]);
        let rest = &rest[blob.next_multiple_of(8)..];
        let (header, payload) = rest.split_at(blob_size(rest));
        Self {
            lead: lead.into(),
            signature,
            header: header.into(),
            payload: payload.into(),
        }
    }

    /// The bytes a header+payload signature covers.
    pub fn header_and_payload(&self) -> Vec<u8> {
        [&self.header[..], &self.payload].concat()
    }

    /// The value of a tag.
    pub fn get(&self, tag: u32) -> Option<&Tag> {
        self.signature.iter().find(|entry| entry.tag == tag)
    }

    /// Puts an entry into order, replacing one of the same tag.
    #[must_use]
    pub fn with(mut self, entry: Tag) -> Self {
        self.signature.retain(|old| old.tag != entry.tag);
        self.signature.push(entry);
        self.signature.sort_by_key(|entry| entry.tag);
        self
    }

    /// Drops a tag.
    #[must_use]
    pub fn without(mut self, tag: u32) -> Self {
        self.signature.retain(|old| old.tag != tag);
        self
    }

    /// A header signature where rpm keeps it in the tag OPENPGP (base64).
    #[must_use]
    pub fn openpgp(self, packets: &[Vec<u8>]) -> Self {
        let texts: Vec<String> = packets.iter().map(|packet| base64(packet)).collect();
        self.with(Tag::strings(tag::OPENPGP, &texts))
    }

    /// The package; entries stand in the order given. The reserve shrinks by what
    /// signatures take, where there is enough of it, so that the main header stays put.
    pub fn build(&self) -> Vec<u8> {
        let mut bytes = self.lead.clone();
        let blob = signature_header(&self.signature);
        bytes.extend(&blob);
        bytes.resize(bytes.len() + (8 - blob.len() % 8) % 8, 0);
        bytes.extend(&self.header);
        bytes.extend(&self.payload);
        bytes
    }
}

/// A header blob with its region; data aligned as rpm wants it.
pub fn signature_header(entries: &[Tag]) -> Vec<u8> {
    let mut index = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    for entry in entries {
        let align = match entry.kind {
            3 => 2,
            4 => 4,
            5 => 8,
            _ => 1,
        };
        data.resize(data.len().next_multiple_of(align), 0);
        for value in [entry.tag, entry.kind, data.len() as u32, entry.count] {
            index.extend(value.to_be_bytes());
        }
        data.extend(&entry.data);
    }
    let count = entries.len() as u32 + 1;
    let trailer = data.len() as u32;
    let mut region = Vec::new();
    for value in [tag::REGION, 7, trailer, 16] {
        region.extend(value.to_be_bytes());
    }
    for value in [tag::REGION, 7, (16 * count).wrapping_neg(), 16] {
        data.extend(value.to_be_bytes());
    }
    let mut blob = vec![0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0];
    blob.extend(count.to_be_bytes());
    blob.extend((data.len() as u32).to_be_bytes());
    [blob, region, index, data].concat()
}

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn blob_size(blob: &[u8]) -> usize {
    assert_eq!(blob[..4], [0x8e, 0xad, 0xe8, 0x01], "a header");
    16 + 16 * number(blob, 8) + number(blob, 12)
}

fn entries(blob: &[u8]) -> Vec<Tag> {
    let count = number(blob, 8);
    let data = &blob[16 + 16 * count..];
    (0..count)
        .map(|i| {
            let at = 16 + 16 * i;
            let (tag, kind) = (number(blob, at), number(blob, at + 4));
            let (offset, count) = (number(blob, at + 8), number(blob, at + 12));
            let from = &data[offset..];
            let size = match kind {
                3 => 2 * count,
                4 => 4 * count,
                5 => 8 * count,
                6 | 8 | 9 => {
                    let ends = from.iter().enumerate().filter(|(_, byte)| **byte == 0);
                    ends.take(count).last().unwrap().0 + 1
                }
                _ => count,
            };
            Tag {
                tag: tag as u32,
                kind: kind as u32,
                count: count as u32,
                data: from[..size].into(),
            }
        })
        .filter(|entry| entry.tag != tag::REGION)
        .collect()
}

/// Base64 in one line.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let value = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0usize, |value, byte| value << 8 | usize::from(*byte));
        for i in 0..4 {
            text.push(if i <= chunk.len() {
                char::from(ALPHABET[value >> (18 - 6 * i) & 63])
            } else {
                '='
            });
        }
    }
    text
}
