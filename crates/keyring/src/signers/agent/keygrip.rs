//! Keygrips: how GnuPG names a key, whatever its format: a SHA-1 over its public numbers.

use openpgp::crypto::mpi::PublicKey;
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::types::Curve;
use sequoia_openpgp as openpgp;
use sha1::{Digest as _, Sha1};

/// A curve's parameters as libgcrypt hashes them, in hexadecimal: `p`, `a`, `b`, the
/// generator, and the order.
struct Parameters([&'static str; 5]);

/// The keygrip in upper-case hexadecimal; none for kinds of keys that the agent does not
/// sign with for us.
pub(super) fn keygrip(key: &Key<PublicParts, UnspecifiedRole>) -> Option<String> {
    let mut hash = Sha1::new();
    match key.mpis() {
        PublicKey::RSA { n, .. } => {
            // As a signed number: a leading zero where the top bit is set.
            if n.value().first().is_some_and(|first| first & 0x80 != 0) {
                hash.update([0]);
            }
            hash.update(n.value());
        }
        PublicKey::EdDSA {
            curve: Curve::Ed25519,
            q,
        } => curve_point(&mut hash, &ED25519, q.value().strip_prefix(&[0x40])?),
        PublicKey::Ed25519 { a } => curve_point(&mut hash, &ED25519, a),
        PublicKey::ECDSA { curve, q } => curve_point(&mut hash, parameters(curve)?, q.value()),
        _ => return None,
    }
    Some(
        hash.finalize()
            .iter()
            .map(|octet| format!("{octet:02X}"))
            .collect(),
    )
}

fn curve_point(hash: &mut Sha1, Parameters(values): &Parameters, point: &[u8]) {
    let mut named = |name: char, value: &[u8]| {
        hash.update(format!("(1:{name}{}:", value.len()));
        hash.update(value);
        hash.update(")");
    };
    for (name, digits) in "pabgn".chars().zip(values) {
        named(name, &octets(digits));
    }
    named('q', point);
}

fn octets(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn parameters(curve: &Curve) -> Option<&'static Parameters> {
    match curve {
        Curve::NistP256 => Some(&NIST_P256),
        Curve::NistP384 => Some(&NIST_P384),
        Curve::NistP521 => Some(&NIST_P521),
        Curve::BrainpoolP256 => Some(&BRAINPOOL_P256),
        Curve::BrainpoolP384 => Some(&BRAINPOOL_P384),
        Curve::BrainpoolP512 => Some(&BRAINPOOL_P512),
        _ => None,
    }
}

/// RFC 8032, 5.1; libgcrypt hashes the absolute values of `a` and `b`.
const ED25519: Parameters = Parameters([
    "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED",
    "01",
    "2DFC9311D490018C7338BF8688861767FF8FF5B2BEBE27548A14B235ECA6874A",
    "04\
     216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A\
     6666666666666666666666666666666666666666666666666666666666666658",
    "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED",
]);

/// FIPS 186-4, D.1.2.3.
const NIST_P256: Parameters = Parameters([
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC",
    "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
    "\
     046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F\
     9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
]);

/// FIPS 186-4, D.1.2.4.
const NIST_P384: Parameters = Parameters([
    "\
     FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF00000000\
     00000000FFFFFFFF",
    "\
     FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF00000000\
     00000000FFFFFFFC",
    "\
     B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D\
     2A85C8EDD3EC2AEF",
    "\
     04AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF5529\
     6C3A545E3872760AB73617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8\
     C00A60B1CE1D7E819D7A431D7C90EA0E5F",
    "\
     FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77A\
     ECEC196ACCC52973",
]);

/// FIPS 186-4, D.1.2.5.
const NIST_P521: Parameters = Parameters([
    "\
     01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\
     FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    "\
     01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\
     FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC",
    "\
     51953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E93\
     7B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00",
    "\
     0400C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EF\
     E75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66011839296A789A3BC0045C8A5F\
     B42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C70\
     86A272C24088BE94769FD16650",
    "\
     01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F\
     966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
]);

/// RFC 5639, 3.4.
const BRAINPOOL_P256: Parameters = Parameters([
    "A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377",
    "7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9",
    "26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6",
    "\
     048BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262547EF835C3DAC4\
     FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997",
    "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7",
]);

/// RFC 5639, 3.6.
const BRAINPOOL_P384: Parameters = Parameters([
    "\
     8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729901D1A71\
     874700133107EC53",
    "\
     7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A503AD4EB\
     04A8C7DD22CE2826",
    "\
     04A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57CB4390295DBC994\
     3AB78696FA504C11",
    "\
     041D1C64F068CF45FFA2A63A81B7C13F6B8847A3E77EF14FE3DB7FCAFE0CBD10E8E826E03436D646\
     AAEF87B2E247D4AF1E8ABE1D7520F9C2A45CB1EB8E95CFD55262B70B29FEEC5864E19C054FF99129\
     280E4646217791811142820341263C5315",
    "\
     8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF6B7FC310\
     3B883202E9046565",
]);

/// RFC 5639, 3.7.
const BRAINPOOL_P512: Parameters = Parameters([
    "\
     AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA703308717D4D9B009BC66842\
     AECDA12AE6A380E62881FF2F2D82C68528AA6056583A48F3",
    "\
     7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC2DED5D5AA8253AA1\
     0A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA",
    "\
     3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D\
     77FC94CADC083E67984050B75EBAE5DD2809BD638016F723",
    "\
     0481AEE4BDD82ED9645A21322E9C4C6A9385ED9F70B5D916C1B43B62EEF4D0098EFF3B1F78E2D0D4\
     8D50D1687B93B97D5F7C6D5047406A5E688B352209BCB9F8227DDE385D566332ECC0EABFA9CF7822\
     FDF209F70024A57B1AA000C55B881F8111B2DCDE494A5F485E5BCA4BD88A2763AED1CA2B2FA8F054\
     0678CD1E0F3AD80892",
    "\
     AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870553E5C414CA92619\
     418661197FAC10471DB1D381085DDADDB58796829CA90069",
]);

#[cfg(test)]
mod tests {
    use openpgp::parse::Parse as _;
    use pkgseal_testkit::keys;
    use pkgseal_testkit::peers::{gnupg, run};

    use super::*;

    /// `gpg --with-keygrip` and we give every key the same name.
    #[test]
    fn as_gpg_names_them() {
        let Some(home) = gnupg::Home::new(&[]) else {
            return;
        };
        for algorithm in [
            "rsa2048",
            "ed25519",
            "nistp256",
            "nistp384",
            "nistp521",
            "brainpoolP256r1",
            "brainpoolP384r1",
            "brainpoolP512r1",
        ] {
            let mut generate = home.command();
            generate.args(["--passphrase", "", "--quick-generate-key"]);
            generate.args([algorithm, algorithm, "sign", "never"]);
            run(&mut generate).expect_ok();
        }
        let listed = run(home
            .command()
            .args(["--with-colons", "--with-keygrip", "-K"]));
        let field = |record: &str| -> Vec<String> {
            listed
                .text
                .lines()
                .filter(|line| line.starts_with(record))
                .filter_map(|line| line.split(':').nth(9).map(str::to_owned))
                .collect()
        };
        let file = home.path().join("exported");
        run(home.command().arg("--output").arg(&file).arg("--export")).expect_ok();
        let exported = std::fs::read(file).unwrap();
        let certs: Vec<_> = openpgp::cert::CertParser::from_bytes(&exported)
            .unwrap()
            .collect::<openpgp::Result<_>>()
            .unwrap();
        let (fingerprints, grips) = (field("fpr:"), field("grp:"));
        assert_eq!((certs.len(), grips.len()), (8, 8), "{}", listed.text);
        for cert in &certs {
            let fingerprint = cert.fingerprint().to_hex();
            let at = fingerprints.iter().position(|f| *f == fingerprint).unwrap();
            let key = cert.primary_key().key().clone().role_into_unspecified();
            assert_eq!(
                keygrip(&key).as_ref(),
                grips.get(at),
                "{:?}",
                cert.userids().next()
            );
        }
    }

    #[test]
    fn what_the_agent_does_not_sign_with_has_none() {
        for name in keys::names() {
            let cert = openpgp::Cert::from_bytes(keys::load(name).certificate()).unwrap();
            let key = cert.primary_key().key().clone().role_into_unspecified();
            let known = keygrip(&key).is_some();
            let expected =
                key.pk_algo().is_supported() && !matches!(u8::from(key.pk_algo()), 17 | 28 | 30..);
            assert_eq!(known, expected, "{name}: {}", key.pk_algo());
        }
    }
}
