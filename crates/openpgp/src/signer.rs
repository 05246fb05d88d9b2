//! Making signatures.

mod choose;
mod held;
mod open;
mod packet;
pub(crate) mod software;

use std::sync::Arc;

use jiff::Timestamp;
use openpgp::armor;
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::parse::{PacketParser, PacketParserResult, Parse};
use openpgp::types::{Curve, HashAlgorithm, PublicKeyAlgorithm};
use openpgp::{Packet, Profile};
use sequoia_openpgp as openpgp;
use std::io::Write;

pub use held::{HolderError, SigningKey};

use crate::error::crypto;
use crate::{Certificate, Error, Fingerprint, HashContext, Result, names, time};

pub(crate) use held::signing_error;
pub(crate) use open::read_secret;
pub(crate) use packet::creation_time;

/// Armored or binary output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Armor {
    /// `-----BEGIN PGP SIGNATURE-----`, lines of 64, with CRC for v4, no comments.
    Armored,
    /// Packets.
    Binary,
}

/// OpenPGP signature types for data (RFC 9580, 5.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureForm {
    /// 0x00, the bytes as they are.
    Binary,
    /// 0x01, line endings as CRLF.
    Text,
}

/// Makes a signer for one signature or one thread: the joint where other backends than
/// a software key (an agent, a token, a command) fit in.
pub(crate) type Factory =
    Arc<dyn Fn() -> openpgp::Result<Box<dyn openpgp::crypto::Signer + Send + Sync>> + Send + Sync>;

/// A certificate and a secret signing key of it, unlocked. Cheap to clone: one for each
/// thread.
///
/// Signatures are reproducible where the algorithm allows: same key, input and time give
/// the same bytes for v4 Ed25519 and RSA, and for the NIST curves where OpenSSL is 3.2 or
/// later. A v6 signature begins with a random salt, by specification.
#[derive(Clone)]
pub struct Signer {
    certificate: Certificate,
    public: Key<PublicParts, UnspecifiedRole>,
    fingerprint: Fingerprint,
    digest: HashAlgorithm,
    factory: Factory,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("key", &self.fingerprint)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// Opens a transferable secret key (armored or binary, one certificate) and picks the
    /// newest signing key that is alive at `now`: a subkey where there is one, else the
    /// primary. `passphrase` is asked only when that key is protected, and is zeroised.
    ///
    /// The key signs a probe before it is handed out, so that a key file whose public part
    /// was exchanged never signs anything else.
    ///
    /// # Errors
    /// [`Error::Key`](crate::Error::Key): not a secret key, no signing key alive at `now`
    /// (says which and since when), passphrase wrong or missing.
    pub fn open(
        key: &[u8],
        passphrase: impl FnOnce() -> Result<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Self> {
        open::open(key, None, passphrase, now)
    }

    /// As [`Signer::open`], for the key with this full fingerprint: a signing subkey's
    /// picks that one, a primary key's the newest signing key below it. Several keys may
    /// be in the file.
    ///
    /// # Errors
    /// As [`Signer::open`]; also when no key in the file has this fingerprint.
    pub fn open_selected(
        key: &[u8],
        fingerprint: &Fingerprint,
        passphrase: impl FnOnce() -> Result<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Self> {
        open::open(key, Some(fingerprint), passphrase, now)
    }

    /// A signer that has shown that it has the secret part of `public`.
    fn probed(
        certificate: Certificate,
        public: Key<PublicParts, UnspecifiedRole>,
        factory: Factory,
    ) -> Result<Self> {
        let fingerprint = fingerprint_of(&public)?;
        let digest = digest_for(&public);
        probe(&factory, &public)?;
        Ok(Self {
            certificate,
            public,
            fingerprint,
            digest,
            factory,
        })
    }

    /// The public certificate, for self-verification and publishing.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Fingerprint of the (sub)key that signs.
    pub fn key(&self) -> Fingerprint {
        self.fingerprint.clone()
    }

    /// OpenPGP version of the signatures it makes (4, 6).
    pub fn version(&self) -> u8 {
        self.public.version()
    }

    /// `RSA4096`, `Ed25519`…
    pub fn algorithm(&self) -> String {
        names::public_key(self.public.pk_algo(), self.public.mpis())
    }

    /// Whether signatures are RSA (an .rpm keeps those in another tag).
    pub fn is_rsa(&self) -> bool {
        #[expect(deprecated, reason = "old sign-only keys make RSA signatures too")]
        let rsa = matches!(
            self.public.pk_algo(),
            PublicKeyAlgorithm::RSAEncryptSign | PublicKeyAlgorithm::RSASign
        );
        rsa
    }

    /// Starts the hash for one signature (SHA-512 for ML-DSA and Ed448, SHA-384/512 for
    /// the larger NIST curves, else SHA-256); for v6 the salt is already in it.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto).
    pub fn hash(&self) -> Result<HashContext> {
        if self.version() == 6 {
            HashContext::salted(self.digest)
        } else {
            HashContext::unsalted(self.digest)
        }
    }

    /// Signs a finished hash that [`Signer::hash`] started (or one of a signer with the
    /// same digest): one binary packet.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto); [`Error::Unsignable`](crate::Error::Unsignable)
    /// when `time` is before the key was made, for no client would accept that.
    pub fn sign_hash(
        &self,
        context: HashContext,
        form: SignatureForm,
        time: Timestamp,
    ) -> Result<Vec<u8>> {
        if context.algorithm() != self.digest || context.version() != self.version() {
            return Err(Error::Crypto {
                operation: "signing",
                reason: format!("the hash was not started for key {}", self.fingerprint),
            });
        }
        let made = self.public.creation_time();
        if std::time::SystemTime::from(creation_time(time)?) < made {
            return Err(Error::Unsignable {
                reason: format!(
                    "{time} is before key {} was made ({})",
                    self.fingerprint,
                    time::words(made)
                ),
            });
        }
        let mut signer = (self.factory)().map_err(crypto("opening the key"))?;
        packet::sign(&mut signer, context, form, time)
    }

    /// A detached binary-document signature over bytes by each signer, v4 before v6, in
    /// one block.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto).
    pub fn detached(
        signers: &[Self],
        data: &[u8],
        armor: Armor,
        time: Timestamp,
    ) -> Result<Vec<u8>> {
        let packets = Self::sign_all(signers, SignatureForm::Binary, time, |context| {
            context.update(data);
        })?;
        Self::block(packets, armor)
    }

    /// Puts packets made by [`Signer::sign_hash`] into one block: v4 before v6 and
    /// post-quantum ones last, because readers of the older kind stop at the first
    /// signature they do not know.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto) when a packet is not a signature, or there
    /// is none.
    pub fn block(packets: Vec<Vec<u8>>, armor: Armor) -> Result<Vec<u8>> {
        let failed = |reason: &str| Error::Crypto {
            operation: "joining signatures",
            reason: reason.to_owned(),
        };
        let mut ranked = packets
            .into_iter()
            .map(|packet| match rank(&packet) {
                Some(rank) => Ok((rank, packet)),
                None => Err(failed("a packet is not a signature")),
            })
            .collect::<Result<Vec<_>>>()?;
        ranked.sort_by_key(|(rank, _)| *rank);
        let Some(((version, _), _)) = ranked.first() else {
            return Err(failed("no signature is given"));
        };
        let profile = if *version < 6 {
            Profile::RFC4880
        } else {
            // No checksum line where no older reader would ask for it (RFC 9580, 6.1).
            Profile::RFC9580
        };
        let bytes: Vec<u8> = ranked.into_iter().flat_map(|(_, packet)| packet).collect();
        match armor {
            Armor::Binary => Ok(bytes),
            Armor::Armored => armored(&bytes, profile).map_err(crypto("armoring")),
        }
    }

    /// One packet of each signer over what `feed` feeds. Signers of unsalted hashes with
    /// the same digest share one pass.
    pub(crate) fn sign_all(
        signers: &[Self],
        form: SignatureForm,
        time: Timestamp,
        mut feed: impl FnMut(&mut HashContext),
    ) -> Result<Vec<Vec<u8>>> {
        let mut shared: Vec<HashContext> = Vec::new();
        let mut packets = Vec::with_capacity(signers.len());
        for signer in signers {
            let known = shared
                .iter()
                .find(|c| signer.version() == c.version() && c.algorithm() == signer.digest);
            let context = match known {
                Some(context) => context.clone(),
                None => {
                    let mut context = signer.hash()?;
                    feed(&mut context);
                    if context.plain().is_some() {
                        shared.push(context.clone());
                    }
                    context
                }
            };
            packets.push(signer.sign_hash(context, form, time)?);
        }
        Ok(packets)
    }

    /// What signs, for one signature or one thread.
    pub(crate) fn backend(
        &self,
    ) -> openpgp::Result<Box<dyn openpgp::crypto::Signer + Send + Sync>> {
        (self.factory)()
    }

    pub(crate) fn digest_algorithm(&self) -> HashAlgorithm {
        self.digest
    }
}

fn fingerprint_of(public: &Key<PublicParts, UnspecifiedRole>) -> Result<Fingerprint> {
    let fingerprint = public.fingerprint();
    Fingerprint::parse(&fingerprint.to_hex())
        .ok_or_else(|| choose::refused(&fingerprint, "its version is not supported"))
}

/// Signs a constant and checks it, so that a mismatch of public and secret part is found
/// before a signature that would betray the secret leaves the process.
pub(crate) fn probe(factory: &Factory, public: &Key<PublicParts, UnspecifiedRole>) -> Result<()> {
    const CHECKING: &str = "checking the key";
    let digest = digest_for(public);
    let length = digest.digest_size().map_err(crypto(CHECKING))?;
    let constant = vec![0x5a; length];
    let signature = factory()
        .and_then(|mut signer| signer.sign(digest, &constant))
        .map_err(|error| signing_error(public, CHECKING, error))?;
    public.verify(&signature, digest, &constant).map_err(|_| {
        choose::refused(
            &public.fingerprint(),
            "its secret part does not belong to its public part",
        )
    })
}

/// The digest a key signs with: the smallest the specification allows for it (RFC 9580,
/// 5.2.3.3 to 5.2.3.5; RFC 9980), SHA-256 at least, so that one hash mostly serves the
/// file's checksum too.
fn digest_for(key: &Key<PublicParts, UnspecifiedRole>) -> HashAlgorithm {
    use openpgp::crypto::mpi::PublicKey;
    match (key.pk_algo(), key.mpis()) {
        (_, PublicKey::ECDSA { curve, .. }) => match curve {
            Curve::NistP384 | Curve::BrainpoolP384 => HashAlgorithm::SHA384,
            Curve::NistP521 | Curve::BrainpoolP512 => HashAlgorithm::SHA512,
            _ => HashAlgorithm::SHA256,
        },
        (
            PublicKeyAlgorithm::Ed448
            | PublicKeyAlgorithm::MLDSA65_Ed25519
            | PublicKeyAlgorithm::MLDSA87_Ed448
            | PublicKeyAlgorithm::SLHDSA128s
            | PublicKeyAlgorithm::SLHDSA128f
            | PublicKeyAlgorithm::SLHDSA256s,
            _,
        ) => HashAlgorithm::SHA512,
        _ => HashAlgorithm::SHA256,
    }
}

/// Where a signature stands in a block: by version, classical algorithms first.
fn rank(packet: &[u8]) -> Option<(u8, bool)> {
    let Ok(PacketParserResult::Some(parser)) = PacketParser::from_bytes(packet) else {
        return None;
    };
    let (packet, rest) = parser.next().ok()?;
    match (packet, rest) {
        (Packet::Signature(signature), PacketParserResult::EOF(_)) => {
            let classical = u8::from(signature.pk_algo()) <= u8::from(PublicKeyAlgorithm::Ed448);
            Some((signature.version(), !classical))
        }
        _ => None,
    }
}

fn armored(bytes: &[u8], profile: Profile) -> openpgp::Result<Vec<u8>> {
    let mut writer = armor::Writer::new(Vec::new(), armor::Kind::Signature)?;
    writer.set_profile(profile)?;
    writer.write_all(bytes)?;
    Ok(writer.finalize()?)
}
