//! One generated package, and what is asked of it.

use jiff::Timestamp;
use pkgseal_openpgp::Certificate;
use pkgseal_rpm::client::Without;
use pkgseal_rpm::package::Level;
use pkgseal_testkit::build::Digest;
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, tag};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};

/// A package, the keys that are imported, and what is demanded.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    pub(crate) package: Vec<u8>,
    /// Test keys, in the order of their import.
    pub(crate) keys: Vec<String>,
    pub(crate) level: Level,
    pub(crate) without: Without,
    /// What clocks say.
    pub(crate) now: &'static str,
}

impl Case {
    /// Everything is demanded, `good-ed25519` is imported.
    pub(crate) fn new(group: &'static str, name: impl Into<String>, package: Vec<u8>) -> Self {
        Self {
            group,
            name: name.into(),
            package,
            keys: vec!["good-ed25519".to_owned()],
            level: Level::All,
            without: Without::default(),
            now: keys::NOW,
        }
    }

    pub(crate) fn trusting(self, keys: &[&str]) -> Self {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Self { keys, ..self }
    }

    pub(crate) fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    pub(crate) fn without(self, without: Without) -> Self {
        Self { without, ..self }
    }

    pub(crate) fn certificates(&self) -> Vec<Certificate> {
        let of = |name: &String| Certificate::parse_all(keys::load(name).certificate()).0;
        self.keys.iter().flat_map(of).collect()
    }

    pub(crate) fn now(&self) -> Timestamp {
        keys::time(self.now)
    }

    /// The level we are asked, with what was switched off taken away.
    pub(crate) fn asked(&self) -> Level {
        let digests = self.level.demands_digests() && !self.without.digests;
        let signatures = self.level.demands_signatures() && !self.without.signatures;
        match (digests, signatures) {
            (false, false) => Level::None,
            (true, false) => Level::Digest,
            (false, true) => Level::Signature,
            (true, true) => Level::All,
        }
    }
}

/// Where a signature on the main header goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// 267 or 268, by its algorithm.
    Old,
    /// 278.
    New,
}

/// As rpmbuild makes it, which puts an MD5 into packages of version 4.
pub(crate) fn parts(format: Format) -> Parts {
    let parts = Parts::read(&Rpm::new("hello", "1.0", "noarch", format).build());
    match format {
        Format::V4 => mended(parts.with(Tag::binary(tag::MD5, &[0; 16]))),
        Format::V6 => parts,
    }
}

pub(crate) fn usual() -> RawOptions {
    RawOptions::at(keys::SIGNED).binary()
}

pub(crate) fn over(key: &str, data: &[u8], options: &RawOptions) -> Vec<u8> {
    raw_sign(&keys::load(key), data, options)
}

/// The tags of version 4 for a key: on the header, on header and payload.
pub(crate) fn old_tags(key: &str) -> (u32, u32) {
    if key.contains("rsa") {
        (tag::RSA, tag::PGP)
    } else {
        (tag::DSA, tag::GPG)
    }
}

pub(crate) fn put(parts: Parts, key: &str, slot: Slot, packet: &[u8]) -> Parts {
    match slot {
        Slot::Old => parts.with(Tag::binary(old_tags(key).0, packet)),
        Slot::New => parts.openpgp(&[packet.to_vec()]),
    }
}

/// Signed on its header as usual.
pub(crate) fn signed(parts: Parts, key: &str, slot: Slot) -> Parts {
    let packet = over(key, &parts.header, &usual());
    put(parts, key, slot, &packet)
}

/// Signed on header and payload.
pub(crate) fn wholly_signed(parts: Parts, key: &str) -> Parts {
    let packet = over(key, &parts.header_and_payload(), &usual());
    parts.with(Tag::binary(old_tags(key).1, &packet))
}

/// The same with digests of what it holds now.
pub(crate) fn mended(mut parts: Parts) -> Parts {
    let sha256 = Digest::Sha256.hex(&parts.header);
    let sha1 = Digest::Sha1.hex(&parts.header);
    let md5 = Digest::Md5.hex(&parts.header_and_payload());
    let md5: Vec<u8> = (0..16)
        .map(|at| u8::from_str_radix(&md5[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    if parts.get(tag::SHA256).is_some() {
        parts = parts.with(Tag::string(tag::SHA256, &sha256));
    }
    if parts.get(tag::SHA1).is_some() {
        parts = parts.with(Tag::string(tag::SHA1, &sha1));
    }
    if parts.get(tag::MD5).is_some() {
        parts = parts.with(Tag::binary(tag::MD5, &md5));
    }
    parts
}

/// A package that binds its payload by MD5 alone, as before 2017: the tags of payload
/// digests become others, which nobody reads.
pub(crate) fn without_payload_digest() -> Parts {
    let mut parts = parts(Format::V4);
    let count = u32::from_be_bytes(parts.header[8..12].try_into().unwrap()) as usize;
    for entry in 0..count {
        let at = 16 + 16 * entry;
        let number = u32::from_be_bytes(parts.header[at..at + 4].try_into().unwrap());
        if matches!(number, 5092 | 5097) {
            parts.header[at..at + 4].copy_from_slice(&(number + 900).to_be_bytes());
        }
    }
    mended(parts)
}
