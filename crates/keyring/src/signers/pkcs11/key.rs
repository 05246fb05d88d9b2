//! Finding the key by its public numbers.

use std::time::SystemTime;

use cryptoki::error::Error as Refused;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use jiff::Timestamp;
use openpgp::crypto::mpi::{MPI, PublicKey};
use openpgp::packet::key::Key4;
use openpgp::types::{Curve, PublicKeyAlgorithm};
use pkgseal_openpgp::{Certificates, SigningKey};
use sequoia_openpgp as openpgp;

use super::Pkcs11Key;
use super::token::Token;
use crate::signers::encoding::{Kind, Public, element, kind, trimmed};
use crate::{Error, Result};

/// Keys that are looked at on one token, at most.
const KEYS: usize = 1000;

/// Where the private key is on its token: what finds it again in every session, for
/// handles belong to sessions.
pub(super) struct Place {
    template: Vec<Attribute>,
    /// It wants the PIN for every signature (`CKA_ALWAYS_AUTHENTICATE`).
    pub(super) always_authenticate: bool,
}

impl Place {
    /// Its handle in this session.
    pub(super) fn find(&self, session: &Session) -> Result<Option<ObjectHandle>, Refused> {
        Ok(session.find_objects(&self.template)?.first().copied())
    }
}

/// A private key on the token.
struct OnToken {
    id: Vec<u8>,
    label: Vec<u8>,
    typ: KeyType,
    always_authenticate: bool,
    /// Absent where the token shows nothing of it without a public key beside it.
    numbers: Option<Numbers>,
}

/// What is public of a key, as tokens show it.
#[derive(Debug, PartialEq, Eq)]
enum Numbers {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point, and the curve it is on (`CKA_EC_PARAMS`).
    Point {
        point: Vec<u8>,
        curve: Vec<u8>,
    },
}

/// The key of one of the certificates that is on the token, the best first.
pub(super) fn choose(
    token: &Token,
    session: &Session,
    key: &Pkcs11Key,
    certificates: &Certificates,
    now: Timestamp,
) -> Result<(SigningKey, Place)> {
    let on_token =
        all(session, key).map_err(|error| token.refused(&error, "looking for the key"))?;
    let mut signing = Vec::new();
    let mut reasons = Vec::new();
    for certificate in certificates.iter() {
        match SigningKey::candidates(certificate, None, now) {
            Ok(keys) => signing.extend(keys),
            Err(error) => reasons.push(error.to_string()),
        }
    }
    if signing.is_empty() && reasons.is_empty() {
        return Err(token.trouble(
            "the public certificate of the key is not known",
            Some("name it with --certificate FILE".to_owned()),
        ));
    }
    let described = described(&on_token);
    for candidate in &signing {
        if let Some(place) = named(token, &on_token, candidate)? {
            return Ok((candidate.clone(), place));
        }
    }
    if let [candidate, ..] = signing.as_slice()
        && let Some(place) = nameless(token, &on_token, candidate)?
    {
        return Ok((candidate.clone(), place));
    }
    let sought: Vec<String> = signing
        .iter()
        .map(|key| key.fingerprint().to_string())
        .collect();
    let reason = match (sought.as_slice(), described.as_str()) {
        ([], _) => format!(
            "no certificate has a key that can sign: {}",
            reasons.join("; ")
        ),
        (_, "") => "there is no private key of that name on the token".to_owned(),
        _ => format!(
            "none of its keys is {}, whose certificate is known; it has {described}",
            sought.join(" or ")
        ),
    };
    Err(token.trouble(reason, Some(see_what_is_there(token))))
}

/// Where this key is; else why it is not there.
pub(super) fn find(
    token: &Token,
    session: &Session,
    key: &Pkcs11Key,
    wanted: &SigningKey,
) -> Result<Result<Place, Error>> {
    let on_token =
        all(session, key).map_err(|error| token.refused(&error, "looking for the key"))?;
    if let Some(place) = named(token, &on_token, wanted)? {
        return Ok(Ok(place));
    }
    // Of the primary key alone: a token that is asked for a subkey may well not have it.
    if *wanted.fingerprint() == wanted.certificate().fingerprint()
        && let Some(place) = nameless(token, &on_token, wanted)?
    {
        return Ok(Ok(place));
    }
    let reason = match described(&on_token).as_str() {
        "" => "there is no private key of that name on the token".to_owned(),
        described => format!(
            "none of its keys is {}; it has {described}",
            wanted.fingerprint()
        ),
    };
    Ok(Err(token.trouble(reason, Some(see_what_is_there(token)))))
}

/// The one private key with the numbers of a key of a certificate.
fn named(token: &Token, on_token: &[OnToken], wanted: &SigningKey) -> Result<Option<Place>> {
    let same: Vec<&OnToken> = on_token
        .iter()
        .filter(|found| found.is(wanted.public()))
        .collect();
    match same.as_slice() {
        [] => Ok(None),
        [one] => place(token, on_token, one).map(Some),
        several => {
            let several: Vec<String> = several.iter().map(|one| one.name()).collect();
            Err(token.trouble(
                format!(
                    "key {} is there several times: {}",
                    wanted.fingerprint(),
                    several.join(", ")
                ),
                Some("add id=… or object=… of one of them".to_owned()),
            ))
        }
    }
}

/// A token may show nothing public of a private key. If it is the only one that the URI
/// names, a signature decides.
fn nameless(token: &Token, on_token: &[OnToken], wanted: &SigningKey) -> Result<Option<Place>> {
    match on_token {
        [one] if one.numbers.is_none() && one.fits(wanted.public()) => {
            place(token, on_token, one).map(Some)
        }
        _ => Ok(None),
    }
}

fn see_what_is_there(token: &Token) -> String {
    format!(
        "see what is there with: pkcs11-tool --module {} --login --list-objects; name the \
         key's certificate with --certificate FILE",
        token.module()
    )
}

/// The one key that the URI names, as an OpenPGP key made at `now`.
pub(super) fn only(
    token: &Token,
    session: &Session,
    key: &Pkcs11Key,
    now: Timestamp,
) -> Result<(Public, Place)> {
    let found = all(session, key).map_err(|error| token.refused(&error, "looking for the key"))?;
    match found.as_slice() {
        [one] => {
            let public = one.public(now).map_err(|reason| {
                let reason = format!("{} cannot have a certificate: {reason}", one.name());
                token.trouble(reason, None)
            })?;
            Ok((public, place(token, &found, one)?))
        }
        [] => Err(token.trouble(
            "there is no private key of that name on the token",
            Some(format!(
                "make one with: pkcs11-tool --module {} --login --keypairgen --key-type \
                 EC:prime256v1 --id 01 --label NAME",
                token.module()
            )),
        )),
        several => Err(token.trouble(
            format!("several keys match: {}", described(several)),
            Some("add id=… or object=… of one of them".to_owned()),
        )),
    }
}

/// Every private key that the URI does not exclude.
fn all(session: &Session, key: &Pkcs11Key) -> Result<Vec<OnToken>, Refused> {
    let mut template = vec![
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Token(true),
    ];
    template.extend(key.id.clone().map(Attribute::Id));
    let label = key.object.as_ref();
    template.extend(label.map(|label| Attribute::Label(label.as_bytes().to_vec())));
    let mut keys = Vec::new();
    for handle in session.find_objects(&template)?.into_iter().take(KEYS) {
        if let Some(key) = read(session, handle)? {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// A private key, with the numbers of the public one beside it; `None` for one of a kind
/// that signs nothing of ours.
fn read(session: &Session, handle: ObjectHandle) -> Result<Option<OnToken>, Refused> {
    let wanted = [
        AttributeType::KeyType,
        AttributeType::Id,
        AttributeType::Label,
        AttributeType::AlwaysAuthenticate,
    ];
    let (mut id, mut label, mut typ, mut always_authenticate) =
        (Vec::new(), Vec::new(), None, false);
    for attribute in session.get_attributes(handle, &wanted)? {
        match attribute {
            Attribute::KeyType(found) => typ = Some(found),
            Attribute::Id(found) => id = found,
            Attribute::Label(found) => label = found,
            Attribute::AlwaysAuthenticate(found) => always_authenticate = found,
            _ => {}
        }
    }
    let Some(typ) = typ.filter(|typ| signs(*typ)) else {
        return Ok(None);
    };
    let mut numbers = numbers(session, handle)?;
    if numbers.is_none() {
        let beside = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(typ),
            Attribute::Id(id.clone()),
        ];
        if let [one] = session.find_objects(&beside)?.as_slice() {
            numbers = self::numbers(session, *one)?;
        }
    }
    Ok(Some(OnToken {
        id,
        label,
        typ,
        always_authenticate,
        numbers,
    }))
}

fn signs(typ: KeyType) -> bool {
    typ == KeyType::RSA || typ == KeyType::EC || typ == KeyType::EC_EDWARDS
}

/// What is public of an object, where it says so.
fn numbers(session: &Session, handle: ObjectHandle) -> Result<Option<Numbers>, Refused> {
    let wanted = [
        AttributeType::Modulus,
        AttributeType::PublicExponent,
        AttributeType::EcPoint,
        AttributeType::EcParams,
    ];
    let (mut modulus, mut exponent, mut point) = (None, None, None);
    let mut curve = Vec::new();
    for attribute in session.get_attributes(handle, &wanted)? {
        match attribute {
            Attribute::Modulus(found) => modulus = Some(found),
            Attribute::PublicExponent(found) => exponent = Some(found),
            Attribute::EcPoint(found) => point = Some(found),
            Attribute::EcParams(found) => curve = found,
            _ => {}
        }
    }
    Ok(match (modulus, exponent, point) {
        (Some(n), Some(e), _) => Some(Numbers::Rsa {
            n: trimmed(&n).to_vec(),
            e: trimmed(&e).to_vec(),
        }),
        (_, _, Some(point)) if !point.is_empty() => Some(Numbers::Point {
            point: bare_point(&point),
            curve,
        }),
        _ => None,
    })
}

/// The point itself: PKCS#11 wraps it in an OCTET STRING, which some tokens forget.
fn bare_point(bytes: &[u8]) -> Vec<u8> {
    match element(4, bytes) {
        Some((point, [])) => point.to_vec(),
        _ => bytes.to_vec(),
    }
}

impl OnToken {
    /// Whether it is the private part of a key of a certificate.
    fn is(&self, public: &Public) -> bool {
        match (&self.numbers, kind(public)) {
            (
                Some(Numbers::Rsa { n, e }),
                Ok(Kind::Rsa {
                    n: known,
                    e: exponent,
                }),
            ) => n == known && e == exponent,
            (
                Some(Numbers::Point { point, .. }),
                Ok(Kind::Ecdsa { point: known, .. } | Kind::Ed25519 { point: known }),
            ) => point == known,
            _ => false,
        }
    }

    /// Whether it could be, by its kind alone.
    fn fits(&self, public: &Public) -> bool {
        match kind(public) {
            Ok(Kind::Rsa { .. }) => self.typ == KeyType::RSA,
            Ok(Kind::Ecdsa { .. }) => self.typ == KeyType::EC,
            Ok(Kind::Ed25519 { .. }) => self.typ == KeyType::EC_EDWARDS,
            Err(_) => false,
        }
    }

    /// The OpenPGP key of these numbers, made at `now`.
    fn public(&self, now: Timestamp) -> Result<Public, String> {
        // Weaker ones are refused wherever they would be read (RFC 9580, 12.4).
        const SHORTEST: usize = 2048;
        let (algorithm, numbers) = match &self.numbers {
            None => {
                return Err(
                    "the token shows nothing public of it; put its public key beside it, \
                     with the same id"
                        .to_owned(),
                );
            }
            Some(Numbers::Rsa { n, .. }) if n.len() * 8 < SHORTEST => {
                return Err(format!("RSA keys have {SHORTEST} bits at least"));
            }
            Some(Numbers::Rsa { n, e }) => (
                PublicKeyAlgorithm::RSAEncryptSign,
                PublicKey::RSA {
                    e: MPI::new(e),
                    n: MPI::new(n),
                },
            ),
            Some(Numbers::Point { point, curve }) if self.typ == KeyType::EC => {
                let curve = match element(6, curve) {
                    Some((oid, [])) => Curve::from_oid(oid),
                    _ => return Err("its curve has no name".to_owned()),
                };
                let q = MPI::new(point);
                (PublicKeyAlgorithm::ECDSA, PublicKey::ECDSA { curve, q })
            }
            Some(Numbers::Point { point, .. }) if point.len() == 32 => {
                let q = MPI::new(&[&[0x40], point.as_slice()].concat());
                let curve = Curve::Ed25519;
                (PublicKeyAlgorithm::EdDSA, PublicKey::EdDSA { curve, q })
            }
            Some(Numbers::Point { .. }) => return Err("it is no Ed25519 key".to_owned()),
        };
        let public = Key4::new(SystemTime::from(now), algorithm, numbers)
            .map_err(|error| error.to_string())?;
        let public = Public::V4(public);
        kind(&public).map(drop)?;
        Ok(public)
    }

    /// As a URI names it.
    fn name(&self) -> String {
        let id: String = self.id.iter().map(|byte| format!("%{byte:02x}")).collect();
        let label = String::from_utf8_lossy(&self.label);
        let kind = match &self.numbers {
            Some(Numbers::Rsa { n, .. }) => format!("RSA{}", n.len() * 8),
            _ if self.typ == KeyType::RSA => "RSA".to_owned(),
            _ if self.typ == KeyType::EC => "ECDSA".to_owned(),
            _ => "EdDSA".to_owned(),
        };
        format!("{kind} object={label};id={id}")
    }
}

fn described(keys: &[OnToken]) -> String {
    const SHOWN: usize = 8;
    let mut names: Vec<String> = keys.iter().take(SHOWN).map(OnToken::name).collect();
    if keys.len() > SHOWN {
        names.push(format!("{} more", keys.len() - SHOWN));
    }
    names.join(", ")
}

/// How to find one of the keys again, and no other.
fn place(token: &Token, all: &[OnToken], one: &OnToken) -> Result<Place> {
    let twins = all
        .iter()
        .filter(|other| other.id == one.id && other.label == one.label && other.typ == one.typ)
        .count();
    if twins != 1 {
        return Err(token.trouble(
            format!("several of its keys are called {}", one.name()),
            Some("give each an id of its own".to_owned()),
        ));
    }
    Ok(Place {
        template: vec![
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Token(true),
            Attribute::KeyType(one.typ),
            Attribute::Id(one.id.clone()),
            Attribute::Label(one.label.clone()),
        ],
        always_authenticate: one.always_authenticate,
    })
}

#[cfg(test)]
mod tests {
    use super::bare_point;

    #[test]
    fn points_are_taken_out_of_their_wrapping_once() {
        let point = [[4; 65].as_slice(), &[0; 0]].concat();
        let wrapped = [&[4, 65], point.as_slice()].concat();
        assert_eq!(bare_point(&wrapped), point);
        // Not wrapped: 0x04 is the point's own prefix.
        assert_eq!(bare_point(&point), point);
        let long = [&[4, 0x81, 133], [4; 133].as_slice()].concat();
        assert_eq!(bare_point(&long), [4; 133]);
    }
}
