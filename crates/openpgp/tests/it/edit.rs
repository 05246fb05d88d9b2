//! New self-signatures and revocations, as our own reader and others take them.

use jiff::{Timestamp, ToSpan as _};
use openpgp::Packet;
use openpgp::PacketPile;
use openpgp::parse::Parse as _;
use openpgp::types::{HashAlgorithm, SignatureType};
use pkgseal_openpgp::edit::{
    Change, Edit, Edited, Expiry, Part, Reason, Revoking, SecretForm, SecretKey, Unlocked,
};
use pkgseal_openpgp::{
    Armor, Certificate, Certificates, Fingerprint, KeyState, Object, Profile, Result, Signer,
    Verifier,
};
use pkgseal_testkit::keys::{self, PASSPHRASE};
use pkgseal_testkit::peers::gnupg;
use sequoia_openpgp as openpgp;

const EVERY: &[&str] = &[
    "good-ed25519",
    "good-rsa2048",
    "good-rsa4096",
    "good-p256",
    "good-p384",
    "good-p521",
    "good-brainpool-p256",
    "good-v6-ed25519",
    "good-v6-ed448",
    "good-mldsa65",
    "good-mldsa87",
    "primary-signs",
    "primary-signs-rsa3072",
    "protected",
];

/// Every test key is alive then.
fn now() -> Timestamp {
    keys::time("2025-03-01")
}

fn later() -> Timestamp {
    keys::time("2027-03-01")
}

fn open(name: &str) -> (SecretKey, Unlocked) {
    let key = SecretKey::parse(keys::load(name).secret()).unwrap();
    let holder = key.unlock(|| Ok(PASSPHRASE.into())).unwrap();
    (key, holder)
}

fn edited(name: &str, change: impl FnOnce(&mut Edit<'_>) -> Result<()>) -> Result<Edited> {
    let (key, holder) = open(name);
    let mut edit = Edit::new(&key.certificate(), &holder, now())?;
    change(&mut edit)?;
    edit.finish()
}

fn refusal(name: &str, change: impl FnOnce(&mut Edit<'_>) -> Result<()>) -> String {
    edited(name, change).unwrap_err().to_string()
}

/// Renews everything there is.
fn renew_all(edit: &mut Edit<'_>, subkeys: &[Fingerprint], change: &Change) -> Result<()> {
    edit.renew_certificate(change)?;
    subkeys
        .iter()
        .try_for_each(|subkey| edit.renew(&Part::Subkey(subkey.clone()), change))
}

fn subkeys(name: &str) -> Vec<Fingerprint> {
    let (key, _) = open(name);
    let parts = key.parts().into_iter().filter(|part| !part.primary);
    parts.map(|part| part.fingerprint).collect()
}

fn packets(certificate: &Certificate) -> Vec<Packet> {
    PacketPile::from_bytes(&certificate.to_binary())
        .unwrap()
        .into_children()
        .collect()
}

fn judged(certificate: &Certificate, signature: &[u8], at: Timestamp) -> bool {
    let verifier = Verifier::new(
        Certificates::new([certificate.clone()]),
        Profile::strict(),
        at,
    );
    verifier
        .detached(Object::Artifact, &b"data"[..], signature)
        .unwrap()
        .is_accepted()
}

#[test]
fn an_expiry_is_set_and_nothing_is_lost() {
    for name in EVERY {
        let before = open(name).0.certificate();
        let signer = keys::signer(name, now());
        let signature = Signer::detached(&[signer], b"data", Armor::Binary, now()).unwrap();
        let subkeys = subkeys(name);
        let change = Change::expiry(Expiry::At(later()));
        let edited = edited(name, |edit| renew_all(edit, &subkeys, &change)).unwrap();
        let after = edited.certificate();

        assert_eq!(after.fingerprint(), before.fingerprint(), "{name}");
        let kept = packets(after);
        for packet in packets(&before) {
            assert!(kept.contains(&packet), "{name}: {} is gone", packet.tag());
        }
        for key in after.keys(&Profile::strict(), now() + 1.second()) {
            assert_eq!(key.expires, Some(later()), "{name}");
        }
        // The signature of before, with the certificate of after: then, and years later.
        assert!(judged(after, &signature, now()), "{name}");
        assert!(judged(after, &signature, later() - 1.hour()), "{name}");
        // What is new is new: SHA-512, of now.
        let mut fresh = 0;
        for packet in packets(after) {
            let Packet::Signature(made) = packet else {
                continue;
            };
            if made.signature_creation_time() != Some(now().into()) {
                continue;
            }
            for made in std::iter::once(&made).chain(made.embedded_signatures()) {
                assert_eq!(made.hash_algo(), HashAlgorithm::SHA512, "{name}");
                fresh += 1;
            }
        }
        assert!(fresh > subkeys.len(), "{name}");
        assert!(edited.signatures() > subkeys.len(), "{name}");
    }
}

#[test]
fn a_renewed_signature_says_what_the_one_before_said() {
    for name in ["good-ed25519", "good-v6-ed25519"] {
        let subkeys = subkeys(name);
        let after = edited(name, |edit| renew_all(edit, &subkeys, &Change::NONE)).unwrap();
        let said = |signature: &openpgp::packet::Signature| {
            use openpgp::packet::signature::subpacket::SubpacketTag::{
                EmbeddedSignature, Issuer, IssuerFingerprint, NotationData, SignatureCreationTime,
            };
            let fresh = [
                EmbeddedSignature,
                Issuer,
                IssuerFingerprint,
                NotationData,
                SignatureCreationTime,
            ];
            let mut said: Vec<_> = signature
                .hashed_area()
                .iter()
                .filter(|subpacket| !fresh.contains(&subpacket.tag()))
                .cloned()
                .collect();
            said.sort_by_key(openpgp::packet::signature::subpacket::Subpacket::tag);
            said
        };
        let all: Vec<_> = packets(after.certificate())
            .into_iter()
            .filter_map(|packet| match packet {
                Packet::Signature(signature) => Some(signature),
                _ => None,
            })
            .collect();
        let (new, old): (Vec<_>, Vec<_>) = all
            .iter()
            .partition(|made| made.signature_creation_time() == Some(now().into()));
        assert_eq!(new.len(), old.len(), "{name}");
        for (new, old) in new.iter().zip(&old) {
            assert_eq!(new.typ(), old.typ(), "{name}");
            assert_eq!(said(new), said(old), "{name}");
            assert_eq!(
                new.embedded_signatures().count(),
                usize::from(new.typ() == SignatureType::SubkeyBinding),
                "{name}"
            );
        }
    }
}

#[test]
fn the_same_change_gives_the_same_bytes() {
    for name in ["good-ed25519", "good-rsa2048"] {
        let subkeys = subkeys(name);
        let change = Change::expiry(Expiry::At(later()));
        let make = || {
            let edited = edited(name, |edit| renew_all(edit, &subkeys, &change)).unwrap();
            edited.packets().unwrap()
        };
        assert_eq!(make(), make(), "{name}");
    }
}

#[test]
fn sha1_self_signatures_are_mended() {
    for name in ["sha1-binding", "sha1-subkey-binding", "no-backsig"] {
        let before = open(name).0.certificate();
        let alive = |certificate: &Certificate| {
            certificate
                .keys(&Profile::strict(), now() + 1.second())
                .iter()
                .any(|key| key.state == KeyState::Live)
        };
        assert!(!alive(&before), "{name}");
        let subkeys = subkeys(name);
        let edited = edited(name, |edit| renew_all(edit, &subkeys, &Change::NONE)).unwrap();
        assert!(alive(edited.certificate()), "{name}");
    }
}

#[test]
fn an_expiry_is_taken_away() {
    for name in ["expired", "subkey-expired", "primary-signs-expired"] {
        let subkeys = subkeys(name);
        let change = Change::expiry(Expiry::Never);
        let edited = edited(name, |edit| renew_all(edit, &subkeys, &change)).unwrap();
        for key in edited.certificate().keys(&Profile::strict(), later()) {
            assert_eq!(key.expires, None, "{name}");
            assert!(
                !matches!(key.state, KeyState::Expired { .. }),
                "{name}: {:?}",
                key.state
            );
        }
    }
}

#[test]
fn a_second_change_within_the_same_second_follows_the_first() {
    let (key, holder) = open("good");
    let mut certificate = key.certificate();
    for days in [30, 20, 10] {
        let mut edit = Edit::new(&certificate, &holder, now()).unwrap();
        let at = now() + (days * 24).hours();
        edit.renew_certificate(&Change::expiry(Expiry::At(at)))
            .unwrap();
        certificate = edit.finish().unwrap().certificate().clone();
        let primary = &certificate.keys(&Profile::strict(), now() + 1.minute())[0];
        assert_eq!(primary.expires, Some(at));
    }
    // A minute is forgiven, a day is a wrong clock.
    let mut edit = Edit::new(&certificate, &holder, now() - 24.hours()).unwrap();
    let refused = edit.renew_certificate(&Change::NONE).unwrap_err();
    assert!(refused.to_string().contains("clocks"), "{refused}");
}

#[test]
fn without_the_subkeys_secret_a_good_back_signature_serves_again() {
    let (offline, online) = open("good").0.split().unwrap();
    let subkey = subkeys("good").remove(0);
    let change = Change::expiry(Expiry::At(later()));
    let holder = offline.unlock(|| panic!("asked")).unwrap();
    let mut edit = Edit::new(&offline.certificate(), &holder, now()).unwrap();
    edit.renew(&Part::Subkey(subkey), &change).unwrap();
    let edited = edit.finish().unwrap();
    let keys = edited
        .certificate()
        .keys(&Profile::strict(), now() + 1.second());
    assert_eq!(
        (keys[1].expires, &keys[1].state),
        (Some(later()), &KeyState::Live)
    );

    // Without the primary's nothing can be done.
    let holder = online.unlock(|| panic!("asked")).unwrap();
    let refused = Edit::new(&online.certificate(), &holder, now()).unwrap_err();
    assert!(
        refused.to_string().contains("primary key is not here"),
        "{refused}"
    );

    // A weak back-signature, or none, does not serve.
    for name in ["sha1-binding", "sha1-subkey-binding", "no-backsig"] {
        let (offline, _) = open(name).0.split().unwrap();
        let subkey = subkeys(name).remove(0);
        let holder = offline.unlock(|| panic!("asked")).unwrap();
        let mut edit = Edit::new(&offline.certificate(), &holder, now()).unwrap();
        let refused = edit.renew(&Part::Subkey(subkey), &change).unwrap_err();
        assert!(
            refused.to_string().contains("sign back"),
            "{name}: {refused}"
        );
    }
}

#[test]
fn what_is_revoked_is_revoked_as_it_says() {
    let subkey = || Part::Subkey(subkeys("good").remove(0));
    let user_id = || Part::UserId(keys::load("good").user_id().into());
    let cases = [
        (Part::Key, Reason::Superseded, false),
        (Part::Key, Reason::Retired, false),
        (Part::Key, Reason::Compromised, true),
        (Part::Key, Reason::Unspecified, true),
        (subkey(), Reason::Superseded, false),
        (subkey(), Reason::Compromised, true),
    ];
    for (part, reason, hard) in cases {
        assert_eq!(reason.is_hard(), hard);
        let why = Revoking {
            reason,
            message: "the words".to_owned(),
        };
        let edited = edited("good", |edit| edit.revoke(&part, &why)).unwrap();
        let keys = edited
            .certificate()
            .keys(&Profile::strict(), now() + 1.second());
        let KeyState::Revoked(revocation) = &keys[1].state else {
            panic!("{part:?} {reason:?}: {:?}", keys[1].state);
        };
        assert_eq!((revocation.hard, &*revocation.reason), (hard, "the words"));
        let primary = matches!(keys[0].state, KeyState::Revoked(_));
        assert_eq!(primary, part == Part::Key);
    }
    for reason in [Reason::UserIdInvalid, Reason::Unspecified] {
        let why = Revoking {
            reason,
            message: String::new(),
        };
        let edited = edited("good", |edit| edit.revoke(&user_id(), &why)).unwrap();
        let user_ids = edited.certificate().user_ids(now() + 1.second());
        assert!(user_ids[0].revoked);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let subkey = || Part::Subkey(subkeys("good").remove(0));
    let user_id = || Part::UserId(keys::load("good").user_id().into());
    let why = |reason, message: &str| Revoking {
        reason,
        message: message.to_owned(),
    };
    let plain = |reason| why(reason, "");
    type Doing<'a> = Box<dyn FnOnce(&mut Edit<'_>) -> Result<()> + 'a>;
    let expire = |part: Part, at: Timestamp| -> Doing<'static> {
        Box::new(move |edit| edit.renew(&part, &Change::expiry(Expiry::At(at))))
    };
    let revoke = |part: Part, why: Revoking| -> Doing<'static> {
        Box::new(move |edit| edit.revoke(&part, &why))
    };
    let created = keys::time(keys::CREATED);
    let other = Part::Subkey(subkeys("good-ed25519-2").remove(0));
    let cases = [
        (
            "good",
            expire(user_id(), created),
            "made only then or later",
        ),
        (
            "good",
            expire(subkey(), created - 1.hour()),
            "made only then or later",
        ),
        (
            "good",
            expire(user_id(), keys::time("2107-01-01")),
            "1970 to 2106",
        ),
        (
            "good",
            expire(Part::Key, later()),
            "no valid direct-key signature",
        ),
        (
            "good",
            expire(Part::UserId(b"Eve".to_vec()), later()),
            "no user ID \"Eve\"",
        ),
        ("good", expire(other.clone(), later()), "it has no subkey"),
        (
            "unbound-subkey",
            expire(Part::Subkey(subkeys("unbound-subkey").remove(0)), later()),
            "no valid binding",
        ),
        (
            "good",
            revoke(other, plain(Reason::Retired)),
            "it has no subkey",
        ),
        (
            "good",
            revoke(Part::UserId(b"Eve".to_vec()), plain(Reason::UserIdInvalid)),
            "no user ID",
        ),
        (
            "good",
            revoke(user_id(), plain(Reason::Compromised)),
            "a user ID is revoked because",
        ),
        (
            "good",
            revoke(user_id(), plain(Reason::Superseded)),
            "a user ID is revoked because",
        ),
        (
            "good",
            revoke(Part::Key, plain(Reason::UserIdInvalid)),
            "only a user ID",
        ),
        (
            "good",
            revoke(subkey(), plain(Reason::UserIdInvalid)),
            "only a user ID",
        ),
        (
            "good",
            revoke(Part::Key, why(Reason::Retired, "a\nb")),
            "control character",
        ),
        (
            "good",
            revoke(Part::Key, why(Reason::Retired, "\u{9b}31m")),
            "control character",
        ),
        (
            "good",
            revoke(Part::Key, why(Reason::Retired, &"a".repeat(1025))),
            "longer than 1024",
        ),
        (
            "revoked-hard",
            revoke(Part::Key, plain(Reason::Compromised)),
            "revoked already",
        ),
        (
            "revoked-hard",
            revoke(Part::Key, plain(Reason::Retired)),
            "revoked already",
        ),
        (
            "revoked-soft",
            revoke(Part::Key, plain(Reason::Superseded)),
            "revoked already",
        ),
    ];
    for (name, doing, reason) in cases {
        let message = refusal(name, doing);
        assert!(message.contains(reason), "{name}: {message}");
    }
    // What was superseded may turn out to be compromised.
    edited("revoked-soft", |edit| {
        edit.revoke(&Part::Key, &plain(Reason::Compromised))
    })
    .unwrap();

    // Before the key was made, and by somebody else's key.
    let (key, holder) = open("good");
    for moment in [created - 1.second(), keys::time("2107-01-01")] {
        assert!(Edit::new(&key.certificate(), &holder, moment).is_err());
    }
    let stranger = open("stranger").0.certificate();
    let refused = Edit::new(&stranger, &holder, now()).unwrap_err();
    assert!(
        refused.to_string().contains("primary key is not here"),
        "{refused}"
    );
}

#[test]
fn a_swapped_public_part_signs_nothing() {
    // The secret of one key behind the public part of another.
    let secret = |name: &str| {
        let pile = PacketPile::from_bytes(keys::load(name).secret()).unwrap();
        let Some(Packet::SecretKey(key)) = pile.into_children().next() else {
            panic!("no secret key");
        };
        key
    };
    let (public, _) = secret("good").take_secret();
    let (_, other) = secret("good-ed25519-2").take_secret();
    let (swapped, _) = public.add_secret(other);
    let pile = PacketPile::from_bytes(keys::load("good").secret()).unwrap();
    let mut bytes = Vec::new();
    for packet in std::iter::once(Packet::from(swapped)).chain(pile.into_children().skip(1)) {
        openpgp::serialize::Serialize::serialize(&packet, &mut bytes).unwrap();
    }
    let key = SecretKey::parse(&bytes).unwrap();
    let holder = key.unlock(|| panic!("asked")).unwrap();
    let refused = Edit::new(&key.certificate(), &holder, now()).unwrap_err();
    assert!(refused.to_string().contains("does not belong"), "{refused}");
}

#[test]
fn a_passphrase_is_set_changed_and_taken_away() {
    for name in ["good", "good-rsa2048", "good-v6-ed25519"] {
        let none = || panic!("asked");
        let one = open(name).0.protect(none, Some(b"one")).unwrap();
        assert!(
            one.parts()
                .iter()
                .all(|part| part.form == SecretForm::Locked)
        );
        let one = SecretKey::parse(&one.to_armored().unwrap()).unwrap();
        // Each try costs what deriving a key from a passphrase is meant to cost.
        for wrong in [if name == "good" { "on" } else { "" }, ""] {
            assert!(one.unlock(|| Ok(wrong.into())).is_err(), "{name} {wrong:?}");
            let protected = one.clone().protect(|| Ok(wrong.into()), None);
            assert!(protected.is_err(), "{name} {wrong:?}");
        }
        assert!(one.clone().protect(none, Some(b"")).is_err());
        let two = one.protect(|| Ok("one".into()), Some(b"two")).unwrap();
        let open = two.protect(|| Ok("two".into()), None).unwrap();
        assert!(
            open.parts()
                .iter()
                .all(|part| part.form == SecretForm::Open)
        );
        let signer = Signer::open(&open.to_binary().unwrap(), || panic!("asked"), now());
        assert!(signer.is_ok(), "{name}");
    }
}

#[test]
fn parted_and_joined_it_is_the_same_key() {
    for name in [
        "good",
        "good-rsa2048",
        "protected",
        "good-v6-ed25519",
        "good-mldsa65",
    ] {
        let whole = open(name).0;
        let (offline, online) = whole.split().unwrap();
        let reread = |key: &SecretKey| SecretKey::parse(&key.to_armored().unwrap()).unwrap();
        let (offline, online) = (reread(&offline), reread(&online));
        let there = |key: &SecretKey| -> Vec<bool> {
            key.parts()
                .iter()
                .map(|part| part.form.is_there())
                .collect()
        };
        assert_eq!(there(&offline), [true, false], "{name}");
        assert_eq!(there(&online), [false, true], "{name}");
        assert_eq!(online.certificate(), whole.certificate(), "{name}");
        let bytes = online.to_binary().unwrap();
        let signer = Signer::open(&bytes, || Ok(PASSPHRASE.into()), now()).unwrap();
        assert!(Signer::detached(&[signer], b"data", Armor::Binary, now()).is_ok());
        for (one, other) in [(&offline, &online), (&online, &offline)] {
            let joined = one.clone().join(other).unwrap();
            assert_eq!(
                *joined.to_binary().unwrap(),
                *whole.to_binary().unwrap(),
                "{name}"
            );
            // A second time there is nothing to add.
            assert!(joined.clone().join(other).is_err());
            assert!(offline.clone().join(&offline).is_err());
            assert!(online.split().is_err() && offline.split().is_err());
        }
        let stranger = open("stranger").0;
        assert!(offline.join(&stranger).is_err(), "{name}");
    }
    assert!(open("primary-signs").0.split().is_err());
}

#[test]
fn gpg_reads_a_parted_key_as_its_own() {
    for name in ["good", "good-rsa2048", "protected"] {
        let (offline, online) = open(name).0.split().unwrap();
        for (key, stub) in [(online, "sec:"), (offline, "ssb:")] {
            let Some(home) = gnupg::Home::new(&[]) else {
                return;
            };
            home.import(&key.to_armored().unwrap());
            let mut command = home.command();
            command.args(["--with-colons", "-K"]);
            let listed = pkgseal_testkit::peers::run(&mut command).expect_ok().text;
            let field = |kind: &str| {
                let line = listed.lines().find(|line| line.starts_with(kind));
                line.and_then(|line| line.split(':').nth(14))
                    .map(str::to_owned)
            };
            for kind in ["sec:", "ssb:"] {
                let expected = if kind == stub { "#" } else { "+" };
                assert_eq!(field(kind).as_deref(), Some(expected), "{name}: {listed}");
            }
        }
    }
}
