//! rpm's own procedure: every item is examined, classes collect what they cover, and what
//! the level demands has to be covered.

use std::io::{self, Read};

use pkgseal_openpgp::Hashes;
use pkgseal_repo::{DigestAlgorithm, Digests, Limits, MultiHasher};

use super::items::{Class, Content, Found, HEADER, PAYLOAD, collect};
use super::openpgp::Keyring;
use super::rules::{Fails, Generation, Switch};
use super::words;
use super::{Client, ClientVerdict, Failed, Question};
use crate::package::{Head, Sink, feed};

/// rpm's result for one digest or signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verified {
    /// It holds.
    Ok,
    /// It does not, or cannot be read.
    Bad,
    /// Its key is not in the keyring.
    NoKey,
    /// It holds, and its key or algorithm is not accepted.
    NotTrusted,
    /// It is not there, and is needed.
    NotFound,
}

/// What rpm says of one digest or signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Whether it is a signature.
    pub class: Class,
    /// In rpm's words.
    pub description: String,
    /// Its result.
    pub result: Verified,
    /// What rpm adds in brackets.
    pub message: Option<String>,
}

/// An item while it is examined.
struct Examined {
    found: Found,
    result: Verified,
    message: Option<String>,
    certificate: Option<String>,
    /// Whether it counts as a signature: a digest in a signed header.
    strong: bool,
}

/// What each class covers.
#[derive(Clone, Copy, Default)]
struct Covered {
    digests: u8,
    signatures: u8,
}

impl Covered {
    fn add(&mut self, class: Class, range: u8) {
        match class {
            Class::Digest => self.digests |= range,
            Class::Signature => self.signatures |= range,
        }
    }
}

/// Judges a package whose head was read.
pub(super) fn judge(
    client: &Client,
    head: &Head,
    source: &mut impl Read,
    length: u64,
    question: &Question<'_>,
    limits: &Limits,
) -> io::Result<ClientVerdict> {
    let rules = &*client.rules;
    let mut off = rules.items.off.clone();
    if question.without.digests {
        off.extend(DIGESTS);
    }
    if question.without.signatures {
        off.extend(SIGNATURES);
    }
    let mut found = collect(rules, &off, head, limits);
    // Better comes first: a signature of the header before the digests it lends strength.
    found.sort_by_key(|found| std::cmp::Reverse(order(found, rules.items.generation)));

    let keyring = Keyring::new(client, question);
    let computed = compute(&found, &keyring, head, source, length)?;
    let mut covered = Covered::default();
    let mut range = 0;
    let mut items: Vec<Examined> = Vec::new();
    for found in found {
        let strong = found.wanted.wrapped && covered.signatures & HEADER != 0;
        let one = examine(found, strong, &keyring, &computed);
        let wanted = one.found.wanted;
        if one.result == Verified::Ok {
            covered.add(wanted.class, wanted.range);
            if strong {
                covered.add(Class::Signature, wanted.range);
            }
        }
        range |= wanted.range;
        items.push(one);
    }
    let demands = Demands::of(client, question, covered, range);
    forgive_alternatives(&mut items, rules.outcome.fails);
    Ok(demands.verdict(client, items))
}

const DIGESTS: [Switch; 7] = [
    Switch::Sha1Header,
    Switch::Sha256Header,
    Switch::Sha3Header,
    Switch::Sha256Payload,
    Switch::Sha512Payload,
    Switch::Sha3Payload,
    Switch::Md5,
];

const SIGNATURES: [Switch; 5] = [
    Switch::Openpgp,
    Switch::RsaHeader,
    Switch::DsaHeader,
    Switch::Rsa,
    Switch::Dsa,
];

/// Places items as rpm sorts them; greater comes first.
fn order(found: &Found, generation: Generation) -> (u8, Class, u8, u8, u32, u8) {
    let wanted = found.wanted;
    let (public_key, digest) = match (&found.content, generation) {
        // rpm 4 compares each with itself.
        (_, Generation::Four) => (0, 0),
        (Content::Signature { packet, .. }, _) => (packet.public_key, packet.digest),
        (_, Generation::Six) => (wanted.public_key, wanted.digest.map_or(0, words::number)),
    };
    (
        u8::MAX - wanted.range,
        wanted.class,
        public_key,
        digest,
        found.id,
        bit(wanted.switch),
    )
}

/// The bit of rpm's flags.
fn bit(switch: Switch) -> u8 {
    match switch {
        Switch::Sha1Header => 8,
        Switch::Sha256Header => 9,
        Switch::DsaHeader => 10,
        Switch::RsaHeader => 11,
        Switch::Openpgp => 12,
        Switch::Sha3Header => 13,
        Switch::Sha512Payload => 14,
        Switch::Sha3Payload => 15,
        Switch::Sha256Payload => 16,
        Switch::Md5 => 17,
        Switch::Dsa => 18,
        Switch::Rsa => 19,
    }
}

/// Every digest and hash, from one read.
struct Computed {
    header: Digests,
    payload: Digests,
    whole: Digests,
    header_hashes: Hashes,
    whole_hashes: Hashes,
}

fn compute(
    found: &[Found],
    keyring: &Keyring<'_>,
    head: &Head,
    source: &mut impl Read,
    length: u64,
) -> io::Result<Computed> {
    let algorithms = |range| {
        let there = found
            .iter()
            .filter(move |found| found.wanted.range == range)
            .filter(|found| matches!(found.content, Content::Digest(_)));
        there.filter_map(|found| found.wanted.digest)
    };
    let hashes = |range| {
        let blocks = found.iter().filter_map(move |found| match &found.content {
            Content::Signature { block, .. } if found.wanted.range == range => Some(&**block),
            _ => None,
        });
        keyring.verifier().plan(blocks).start()
    };
    let mut header = MultiHasher::new(algorithms(HEADER));
    header.update(head.main());
    let mut header_hashes = hashes(HEADER);
    header_hashes.update(head.main());

    let mut whole = MultiHasher::new(algorithms(HEADER | PAYLOAD));
    whole.update(head.main());
    let mut whole_hashes = hashes(HEADER | PAYLOAD);
    whole_hashes.update(head.main());
    let mut payload: Vec<_> = algorithms(PAYLOAD)
        .map(|algorithm| MultiHasher::new([algorithm]))
        .collect();
    let mut sinks: Vec<Sink<'_>> = Vec::new();
    for hasher in &mut payload {
        sinks.push(Box::new(|chunk| hasher.update(chunk)));
    }
    sinks.push(Box::new(|chunk| whole.update(chunk)));
    sinks.push(Box::new(|chunk| whole_hashes.update(chunk)));
    feed(head, source, length, sinks)?;
    let mut together = Digests::new();
    for hasher in payload {
        // The same payload, so they cannot contradict each other.
        let _ = together.merge(&hasher.finish());
    }
    Ok(Computed {
        header: header.finish(),
        payload: together,
        whole: whole.finish(),
        header_hashes,
        whole_hashes,
    })
}

fn examine(found: Found, strong: bool, keyring: &Keyring<'_>, computed: &Computed) -> Examined {
    let (mut message, mut certificate) = (None, None);
    let wanted = found.wanted;
    let result = match &found.content {
        Content::Absent => Verified::NotFound,
        Content::Unreadable(why) => {
            message = Some(why.clone());
            Verified::Bad
        }
        Content::Digest(expected) => {
            let digests = match wanted.range {
                HEADER => &computed.header,
                PAYLOAD => &computed.payload,
                _ => &computed.whole,
            };
            let algorithm = wanted.digest.unwrap_or(DigestAlgorithm::Md5);
            let actual = digests.hex(algorithm).unwrap_or_default();
            if expected.eq_ignore_ascii_case(&actual) {
                Verified::Ok
            } else {
                message = Some(format!("Expected {expected} != {actual}"));
                Verified::Bad
            }
        }
        Content::Signature { packet, block } => {
            let hashes = match wanted.range {
                HEADER => &computed.header_hashes,
                _ => &computed.whole_hashes,
            };
            let answer = keyring.verify(packet, block, hashes);
            certificate = answer.certificate;
            answer.result
        }
    };
    Examined {
        found,
        result,
        message,
        certificate,
        strong,
    }
}

/// A digest that fails is not looked for where another of its switch holds.
fn forgive_alternatives(items: &mut [Examined], fails: Fails) {
    let states: Vec<_> = items
        .iter()
        .map(|item| (item.found.id, item.found.wanted.switch, item.result))
        .collect();
    for item in items {
        let digest = item.found.wanted.class == Class::Digest;
        if item.result != Verified::Bad || (fails == Fails::BadAndNokey && !digest) {
            continue;
        }
        let other = states
            .iter()
            .find(|(id, switch, _)| *id != item.found.id && *switch == item.found.wanted.switch);
        if other.is_some_and(|(_, _, result)| *result == Verified::Ok) {
            item.result = Verified::NotFound;
        }
    }
}

/// What has to be covered, and is.
struct Demands {
    digests: bool,
    signatures: bool,
    range: u8,
    covered: Covered,
}

impl Demands {
    fn of(client: &Client, question: &Question<'_>, covered: Covered, seen: u8) -> Self {
        let level = question.level.unwrap_or(client.level());
        let digests = level.demands_digests() && !question.without.digests;
        let signatures = level.demands_signatures() && !question.without.signatures;
        let all = client.rules.items.generation == Generation::Six && (digests || signatures);
        Self {
            digests,
            // A package that is signed in part is rejected at every level.
            signatures: signatures || covered.signatures != 0,
            range: if all { HEADER | PAYLOAD } else { seen },
            covered,
        }
    }

    /// Whether an item's absence is a reason to reject.
    fn require(&self, item: &Examined) -> bool {
        let wanted = item.found.wanted;
        let missing = |covered: u8| self.range & !covered & wanted.range != 0;
        let signature = wanted.class == Class::Signature || item.strong;
        wanted.class == Class::Digest && self.digests && missing(self.covered.digests)
            || signature && self.signatures && missing(self.covered.signatures)
    }

    fn verdict(&self, client: &Client, items: Vec<Examined>) -> ClientVerdict {
        let rules = &*client.rules;
        let mut failed = Failed::default();
        let mut shown = Vec::new();
        for item in items {
            if item.result == Verified::NotFound && !self.require(&item) {
                continue;
            }
            let class = item.found.wanted.class;
            let fails = match rules.outcome.fails {
                Fails::AnythingButOk => item.result != Verified::Ok,
                Fails::BadAndNokey => matches!(item.result, Verified::Bad | Verified::NoKey),
            };
            failed.digests |= fails && class == Class::Digest;
            failed.signatures |= fails && class == Class::Signature;
            shown.push(Item {
                class,
                description: words::description(rules, &item.found, item.certificate.as_deref()),
                result: item.result,
                message: item.message,
            });
        }
        if rules.outcome.fails == Fails::BadAndNokey {
            failed.digests |= self.digests && self.covered.digests != self.range;
            failed.signatures |= self.signatures && self.covered.signatures != self.range;
        }
        ClientVerdict {
            client: client.name().to_owned(),
            accepted: failed == Failed::default(),
            items: shown,
            failed,
            unreadable: None,
        }
    }
}
