//! What a certificate's holder is asked for, and that gpg and sq do it.

use std::fs;

use pkgseal_testkit::keys::{self, Back, Hash};
use pkgseal_testkit::peers;
use pkgseal_testkit::peers::trixie::Room;

use crate::run::pkgseal;

use super::ward::{MENDED, WHO, Ward, says, uniform};

#[test]
fn the_holder_is_asked_for_exactly_what_is_missing() {
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1));
    let letter = ward.path("request.txt");
    pkgseal(["key", "doctor", "--time", MENDED, "--request"])
        .arg(&letter)
        .arg(ward.path("published.asc"))
        .run()
        .expect(1);
    let text = fs::read_to_string(&letter).unwrap();
    assert!(text.contains(&ward.cast.fingerprint()));
    assert!(text.contains("pkgseal key prove published.asc ANSWER DIR"));
    let document = fs::read_to_string(ward.path("request.txt.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let request = &document["requests"][0];
    assert_eq!(request["certificate"], ward.cast.fingerprint());
    assert_eq!(request["wanted"].as_array().unwrap().len(), 3);

    // Nothing is asked of whoever mended already.
    ward.mended();
    let run = pkgseal(["key", "doctor", "--time", MENDED, "--request", "-"])
        .arg(ward.path("sick.cert.asc"))
        .run()
        .expect(0);
    run.prints("nothing to ask for");
}

/// gpg with the sick secret key, asked to do `commands` (arguments, and what it is told at
/// its prompt) in 2026, and the certificate it exports then.
fn by_gpg(ward: &Ward, commands: &[(&[&str], &str)]) -> Option<Vec<u8>> {
    use std::io::Write as _;
    let home = peers::gnupg::Home::new(&[])?;
    home.import(&ward.cast.secret());
    for (arguments, told) in commands {
        let mut command = home.command();
        command
            .args(["--faked-system-time", "20260301T000000"])
            .args(["--cert-digest-algo", "SHA512", "--command-fd", "0"])
            .args(*arguments)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(told.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success(), "{arguments:?}");
    }
    let export = peers::run(home.command().arg("--export").arg(ward.cast.fingerprint()));
    // Its status lines come on standard output, before the packets.
    let at = export.stdout.iter().position(|byte| byte & 0x80 != 0)?;
    Some(export.stdout[at..].to_vec())
}

fn diagnosed(ward: &Ward, certificate: &[u8]) -> String {
    let path = ward.put("answer.gpg", certificate);
    pkgseal(["key", "doctor", "--time", "2026-03-02"])
        .arg(path)
        .run()
        .stdout
}

/// What the request says of gpg is what gpg does: it renews self-signatures and bindings as
/// it sets an expiry, makes a back-signature that is missing, and never renews a weak one.
#[test]
fn gpg_mends_what_the_request_proposes_it_for() {
    let good = || keys::load("good").recast();
    let strong = says(Hash::Sha512);
    let weak = says(Hash::Sha1);
    let proposes = |ward: &Ward| {
        let run = pkgseal(["key", "doctor", "--time", MENDED, "--request", "-"])
            .arg(ward.path("published.asc"))
            .run()
            .expect(1);
        run.stdout
            .lines()
            .any(|line| line.contains("gpg --cert-digest-algo"))
    };

    let ward = Ward::new(
        good()
            .user_id(WHO, &[weak])
            .binding(weak, Back::By(Hash::Sha512)),
    );
    assert!(proposes(&ward));
    let fingerprint = ward.cast.fingerprint();
    let renew: &[(&[&str], &str)] = &[
        (&["--quick-set-expire", &fingerprint, "2y"], ""),
        (&["--quick-set-expire", &fingerprint, "2y", "*"], ""),
    ];
    let Some(answer) = by_gpg(&ward, renew) else {
        return;
    };
    let said = diagnosed(&ward, &answer);
    assert!(said.starts_with("sound "), "{said}");
    // It takes the old self-signatures out, which the proof tells.
    let run = ward
        .prove("answer.gpg", &[ward.folder.path()])
        .run()
        .expect(2);
    run.prints("[prove.self-signature-lost]");

    let ward = Ward::new(
        good()
            .user_id(WHO, &[strong])
            .binding(strong, Back::Missing),
    );
    assert!(proposes(&ward));
    let answer = by_gpg(
        &ward,
        &[(&["--edit-key", &fingerprint], "cross-certify\nsave\n")],
    )
    .unwrap();
    let said = diagnosed(&ward, &answer);
    assert!(said.starts_with("sound "), "{said}");

    let ward = Ward::new(
        good()
            .user_id(WHO, &[weak])
            .binding(weak, Back::By(Hash::Sha1)),
    );
    assert!(!proposes(&ward));
    let answer = by_gpg(&ward, renew).unwrap();
    let said = diagnosed(&ward, &answer);
    assert!(said.contains("[doctor.weak-back-signature]"), "{said}");
    assert!(said.contains("[doctor.half-mended]"), "{said}");
}

/// What the request says of sq is what sq does.
#[test]
fn sq_mends_what_the_request_proposes_it_for() {
    let Some(room) = Room::new().filter(|room| room.has("sq")) else {
        println!("SKIP: no sq in Debian 13's chroot");
        return;
    };
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1));
    let fingerprint = ward.cast.fingerprint();
    let home = room.inside().join("sq-home");
    let key = room.put("sick.key", ward.cast.secret());
    let sq = |arguments: &[&str]| {
        let mut command = room.command("sq");
        command
            .arg("--home")
            .arg(&home)
            .arg("--batch")
            .args(arguments);
        peers::run(&mut command)
    };
    sq(&["key", "import", &key.display().to_string()]).expect_ok();
    sq(&["cert", "lint", "--fix", "--cert", &fingerprint]);
    let export = sq(&["cert", "export", "--cert", &fingerprint]).expect_ok();
    let path = ward.put("answer.asc", &export.stdout);
    let run = pkgseal(["key", "doctor", "--time", "2039-01-01"])
        .arg(path)
        .run();
    run.prints_no("[doctor.weak-binding]");
    run.prints_no("[doctor.weak-back-signature]");
}
