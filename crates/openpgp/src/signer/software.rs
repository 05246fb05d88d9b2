//! Software keys whose key object is built once and kept.
//!
//! The OpenPGP library hands OpenSSL an RSA key without its primes and builds the key
//! object anew for every signature. With the primes (CRT) and a kept object, RSA-4096
//! signs about ten times faster; Ed25519 almost twice as fast, as the library unlocks its
//! copy of the secret for each signature. ECDSA nonces are derived from key and message
//! (RFC 6979) where OpenSSL can, so that these signatures are reproducible too.

use openpgp::crypto::Signer;
use openpgp::packet::Key;
use openpgp::packet::key::{SecretParts, UnspecifiedRole};
use sequoia_openpgp as openpgp;

use super::Factory;

/// Makes signers for an unlocked key.
pub(crate) fn factory(key: Key<SecretParts, UnspecifiedRole>) -> openpgp::Result<Factory> {
    #[cfg(feature = "crypto-openssl")]
    if let Some(factory) = cached::factory(&key)? {
        return Ok(factory);
    }
    let pair = key.into_keypair()?;
    Ok(std::sync::Arc::new(move || {
        Ok(Box::new(pair.clone()) as Box<dyn Signer + Send + Sync>)
    }))
}

#[cfg(feature = "crypto-openssl")]
mod cached {
    use std::sync::Arc;

    use openpgp::crypto::Signer;
    use openpgp::crypto::mpi::{self, PublicKey, SecretKeyMaterial};
    use openpgp::packet::Key;
    use openpgp::packet::key::{PublicParts, SecretParts, UnspecifiedRole};
    use openpgp::types::{Curve, HashAlgorithm};
    use openssl::bn::{BigNum, BigNumContext, BigNumRef};
    use openssl::ec::{EcGroup, EcKey, EcPoint};
    use openssl::ecdsa::EcdsaSig;
    use openssl::md::{Md, MdRef};
    use openssl::nid::Nid;
    use openssl::pkey::{Id, PKey, Private};
    use openssl::pkey_ctx::PkeyCtx;
    use openssl::rsa::{Padding, Rsa};
    use sequoia_openpgp as openpgp;

    use super::super::Factory;

    /// Bytes of an Ed25519 secret, and of each half of a signature (RFC 8032, 5.1).
    const SEED: usize = 32;

    type Public = Key<PublicParts, UnspecifiedRole>;

    /// A factory for RSA, the NIST curves and Ed25519; `None` for all others.
    pub(super) fn factory(
        key: &Key<SecretParts, UnspecifiedRole>,
    ) -> openpgp::Result<Option<Factory>> {
        let public = key.parts_as_public().clone();
        let openpgp::packet::key::SecretKeyMaterial::Unencrypted(secret) = key.secret() else {
            return Ok(None);
        };
        let kept = secret.map(|secret| match (key.mpis(), secret) {
            (PublicKey::RSA { e, n }, SecretKeyMaterial::RSA { d, p, q, .. }) => {
                rsa(n.value(), e.value(), d.value(), p.value(), q.value())
                    .map(|pkey| Some((Kind::Rsa, pkey)))
            }
            (PublicKey::ECDSA { curve, q }, SecretKeyMaterial::ECDSA { scalar }) => {
                match nid(curve) {
                    Some(nid) => {
                        ecdsa(nid, q.value(), scalar.value()).map(|pkey| Some((Kind::Ecdsa, pkey)))
                    }
                    None => Ok(None),
                }
            }
            // Of version 4 keys, whose secret is written as a number.
            (
                PublicKey::EdDSA {
                    curve: Curve::Ed25519,
                    ..
                },
                SecretKeyMaterial::EdDSA { scalar },
            ) => ed25519(&scalar.value_padded(SEED)).map(|pkey| Some((Kind::EdDsa, pkey))),
            (PublicKey::Ed25519 { .. }, SecretKeyMaterial::Ed25519 { x }) => {
                ed25519(x).map(|pkey| Some((Kind::Ed25519, pkey)))
            }
            _ => Ok(None),
        })?;
        Ok(kept.map(|(kind, pkey)| {
            let signer = Cached { public, pkey, kind };
            Arc::new(move || Ok(Box::new(signer.clone()) as Box<dyn Signer + Send + Sync>))
                as Factory
        }))
    }

    fn rsa(n: &[u8], e: &[u8], d: &[u8], p: &[u8], q: &[u8]) -> openpgp::Result<PKey<Private>> {
        let mut context = BigNumContext::new_secure()?;
        let (d, p, q) = (secret_number(d)?, secret_number(p)?, secret_number(q)?);
        let d_modulo_less_one = |prime: &BigNumRef, context: &mut BigNumContext| {
            let mut less_one = BigNum::new_secure()?;
            less_one.checked_sub(prime, one()?.as_ref())?;
            let mut exponent = BigNum::new_secure()?;
            exponent.nnmod(&d, &less_one, context)?;
            Ok::<_, openssl::error::ErrorStack>(exponent)
        };
        let dmp1 = d_modulo_less_one(&p, &mut context)?;
        let dmq1 = d_modulo_less_one(&q, &mut context)?;
        let mut iqmp = BigNum::new_secure()?;
        iqmp.mod_inverse(&q, &p, &mut context)?;
        let key = Rsa::from_private_components(
            BigNum::from_slice(n)?,
            BigNum::from_slice(e)?,
            d,
            p,
            q,
            dmp1,
            dmq1,
            iqmp,
        )?;
        Ok(PKey::from_rsa(key)?)
    }

    fn ecdsa(nid: Nid, point: &[u8], scalar: &[u8]) -> openpgp::Result<PKey<Private>> {
        let group = EcGroup::from_curve_name(nid)?;
        let mut context = BigNumContext::new()?;
        let point = EcPoint::from_bytes(&group, point, &mut context)?;
        let scalar = secret_number(scalar)?;
        let key = EcKey::from_private_components(&group, &scalar, &point)?;
        Ok(PKey::from_ec_key(key)?)
    }

    fn ed25519(seed: &[u8]) -> openpgp::Result<PKey<Private>> {
        Ok(PKey::private_key_from_raw_bytes(seed, Id::ED25519)?)
    }

    fn one() -> Result<BigNum, openssl::error::ErrorStack> {
        BigNum::from_u32(1)
    }

    /// A number whose memory OpenSSL wipes when it is freed.
    fn secret_number(bytes: &[u8]) -> Result<BigNum, openssl::error::ErrorStack> {
        let mut number = BigNum::new_secure()?;
        number.copy_from_slice(bytes)?;
        number.set_const_time();
        Ok(number)
    }

    fn nid(curve: &Curve) -> Option<Nid> {
        match curve {
            Curve::NistP256 => Some(Nid::X9_62_PRIME256V1),
            Curve::NistP384 => Some(Nid::SECP384R1),
            Curve::NistP521 => Some(Nid::SECP521R1),
            _ => None,
        }
    }

    fn digest(algorithm: HashAlgorithm) -> openpgp::Result<&'static MdRef> {
        match algorithm {
            HashAlgorithm::SHA256 => Ok(Md::sha256()),
            HashAlgorithm::SHA384 => Ok(Md::sha384()),
            HashAlgorithm::SHA512 => Ok(Md::sha512()),
            other => Err(openpgp::Error::UnsupportedHashAlgorithm(other).into()),
        }
    }

    #[derive(Clone, Copy)]
    enum Kind {
        Rsa,
        Ecdsa,
        /// Ed25519 as version 4 writes it (RFC 9580, 5.2.3.3).
        EdDsa,
        /// Ed25519 as version 6 writes it (RFC 9580, 5.2.3.4).
        Ed25519,
    }

    /// A key object, kept; clones share it.
    #[derive(Clone)]
    struct Cached {
        public: Public,
        pkey: PKey<Private>,
        kind: Kind,
    }

    impl Signer for Cached {
        fn public(&self) -> &Public {
            &self.public
        }

        fn acceptable_hashes(&self) -> &[HashAlgorithm] {
            &[
                HashAlgorithm::SHA256,
                HashAlgorithm::SHA384,
                HashAlgorithm::SHA512,
            ]
        }

        fn sign(
            &mut self,
            algorithm: HashAlgorithm,
            data: &[u8],
        ) -> openpgp::Result<mpi::Signature> {
            match self.kind {
                Kind::Rsa => self.rsa(algorithm, data),
                Kind::Ecdsa => self.ecdsa(algorithm, data),
                Kind::EdDsa => {
                    let signature = self.ed25519(data)?;
                    let (r, s) = signature.split_at(SEED);
                    Ok(mpi::Signature::EdDSA {
                        r: mpi::MPI::new(r),
                        s: mpi::MPI::new(s),
                    })
                }
                Kind::Ed25519 => Ok(mpi::Signature::Ed25519 {
                    s: Box::new(self.ed25519(data)?),
                }),
            }
        }
    }

    impl Cached {
        fn rsa(&self, algorithm: HashAlgorithm, data: &[u8]) -> openpgp::Result<mpi::Signature> {
            let mut context = PkeyCtx::new(&self.pkey)?;
            context.sign_init()?;
            context.set_rsa_padding(Padding::PKCS1)?;
            context.set_signature_md(digest(algorithm)?)?;
            let mut signature = Vec::new();
            context.sign_to_vec(data, &mut signature)?;
            Ok(mpi::Signature::RSA {
                s: mpi::MPI::new(&signature),
            })
        }

        fn ecdsa(&self, algorithm: HashAlgorithm, data: &[u8]) -> openpgp::Result<mpi::Signature> {
            let mut context = PkeyCtx::new(&self.pkey)?;
            context.sign_init()?;
            context.set_signature_md(digest(algorithm)?)?;
            // The vendored OpenSSL is 3.2 or later, which an older system's may not be.
            #[cfg(feature = "vendored-openssl")]
            context.set_nonce_type(openssl::pkey_ctx::NonceType::DETERMINISTIC_K)?;
            let mut signature = Vec::new();
            context.sign_to_vec(data, &mut signature)?;
            let signature = EcdsaSig::from_der(&signature)?;
            Ok(mpi::Signature::ECDSA {
                r: mpi::MPI::new(&signature.r().to_vec()),
                s: mpi::MPI::new(&signature.s().to_vec()),
            })
        }

        /// Signs the digest as a message of its own.
        fn ed25519(&self, data: &[u8]) -> openpgp::Result<[u8; 2 * SEED]> {
            let mut signature = [0; 2 * SEED];
            openssl::sign::Signer::new_without_digest(&self.pkey)?
                .sign_oneshot(&mut signature, data)?;
            Ok(signature)
        }
    }
}
