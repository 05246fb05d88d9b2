//! What signers ask about their own work before it becomes visible.

use pkgseal_openpgp::{Armor, Object, Signer, Verifier};
use pkgseal_testkit::keys::{SIGNED, time};

use super::{DATA, signer};

fn accepts(asked: &[Signer], signed: &[Signer]) -> bool {
    let block = Signer::detached(signed, DATA, Armor::Armored, time(SIGNED)).unwrap();
    Verifier::of_signers(asked, time(SIGNED))
        .detached(Object::Artifact, DATA, &block)
        .unwrap()
        .is_accepted()
}

#[test]
fn every_signer_is_asked_for() {
    let both = [signer("good-ed25519"), signer("good-rsa4096")];
    assert!(accepts(&both, &both));
    assert!(!accepts(&both, &both[..1]), "one of two signed");
    assert!(!accepts(&both, &both[1..]), "the other of two signed");
    assert!(!accepts(&both[..1], &both[1..]), "somebody else signed");
    assert!(!accepts(&[], &both), "nobody is never enough");
}
