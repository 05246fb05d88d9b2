//! Rotations before real clients: three of each kind, with the old certificate, with both,
//! and with the new one. Each says at every step what `status` says it would, and whoever
//! goes the naive way leaves real clients behind.

use std::fs;
use std::path::Path;
use std::process::Command;

use pkgseal_testkit::keys;
use pkgseal_testkit::peers::strace::{self, Went};
use pkgseal_testkit::peers::trixie::Room;
use pkgseal_testkit::peers::{apt, rpm, yum};

use crate::rotate::rotation::Rotation;
use crate::run::{find, pkgseal};

/// Steps, when they are done, and when is looked.
const STEPS: [(&str, &str); 4] = [
    ("2025-03-03", "2025-03-03"),
    ("2025-03-04", "2025-03-04"),
    ("2025-06-01", "2025-06-01"),
    ("2025-06-15", "2025-06-15"),
];

/// What each kind of client has.
fn keyrings(rotation: &Rotation) -> [(&'static str, Vec<&'static str>); 3] {
    [
        ("old", vec![rotation.old]),
        ("both", vec![rotation.old, rotation.new]),
        ("new", vec![rotation.new]),
    ]
}

fn updates(which: apt::Which, root: &Path, trusted: &[&str]) -> Option<bool> {
    let keyring = keys::keyring(trusted);
    Some(apt::update_by(which, root, "stable", "main", &keyring)?.accepted())
}

/// Compares every apt with every keyring to what `status` says of it.
fn as_status_says(rotation: &Rotation, root: &Path, time: &str, expected: [bool; 3]) {
    for (which, client) in [
        (apt::Which::Installed, "bookworm"),
        (apt::Which::Trixie, "trixie"),
    ] {
        for ((keyring, trusted), expected) in keyrings(rotation).into_iter().zip(expected) {
            let says = rotation.says(time, client, keyring);
            assert_eq!(says.len(), 1, "{says:?}");
            assert_eq!(says[0].1, expected, "{time}: {client}/{keyring}");
            if let Some(accepted) = updates(which, root, &trusted) {
                assert_eq!(accepted, expected, "{time}: real {client}/{keyring}");
            }
        }
    }
}

fn carried_out(old: &'static str, new: &'static str) {
    let rotation = Rotation::new(old, new);
    let root = rotation.apt("apt", old, &[]);
    let clients = ["--client", "bookworm", "--client", "trixie"];
    rotation.planned(&clients, &[&root]);
    as_status_says(&rotation, &root, "2025-03-02", [true, true, false]);
    for ((time, _), expected) in STEPS.into_iter().zip([
        [true, true, false],
        [true, true, true],
        [false, true, true],
        [false, true, true],
    ]) {
        let both = rotation.both();
        rotation.step(time, &both, &[]).expect(0);
        as_status_says(&rotation, &root, time, expected);
    }
}

#[test]
fn no_step_strands_an_apt_that_the_plan_counts() {
    carried_out("good-rsa4096", "good-ed25519");
}

#[test]
fn the_other_way_round_too() {
    carried_out("good-ed25519", "primary-signs-rsa3072");
}

#[test]
fn the_naive_order_strands_real_apts() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let clients = ["--client", "bookworm", "--client", "trixie"];
    rotation.planned(&clients, &[&root]);
    let run = rotation.step("2025-03-03", &[rotation.new], &["--step", "hand-over"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    // What it refused, done all the same.
    let naive = rotation.apt("naive", rotation.new, &[]);
    for which in apt::Which::ALL {
        for (trusted, expected) in [(rotation.old, false), (rotation.new, true)] {
            if let Some(accepted) = updates(which, &naive, &[trusted]) {
                assert_eq!(accepted, expected, "{which:?} {trusted}");
            }
            // The old certificate dropped while the old key signs.
            if let Some(accepted) = updates(which, &root, &[trusted]) {
                assert_eq!(accepted, !expected, "{which:?} {trusted}");
            }
        }
    }
}

#[test]
fn another_subkey_reaches_real_apts() {
    let rotation = Rotation::of_subkey("good-rsa4096", "later/good-rsa4096");
    let root = rotation.apt("apt", rotation.old, &[]);
    let clients = ["--client", "bookworm", "--client", "trixie"];
    rotation.planned(&clients, &[&root]);
    let keyring = |name: &str| {
        let bytes = fs::read(rotation.certificate(name)).unwrap();
        let (certificates, _) = pkgseal_openpgp::Certificate::parse_all(&bytes);
        certificates[0].to_binary()
    };
    for (time, old, new) in [
        ("2025-03-03", true, true),
        ("2025-03-04", true, true),
        ("2025-06-01", false, true),
    ] {
        rotation.step(time, &rotation.both(), &[]).expect(0);
        for (which, client) in [
            (apt::Which::Installed, "bookworm"),
            (apt::Which::Trixie, "trixie"),
        ] {
            for (holding, name, expected) in
                [("old", rotation.old, old), ("new", rotation.new, new)]
            {
                let says = rotation.says(time, client, holding);
                assert_eq!(says[0].1, expected, "{time}: {client}/{holding}");
                let run = apt::update_by(which, &root, "stable", "main", &keyring(name));
                if let Some(run) = run {
                    assert_eq!(run.accepted(), expected, "{time}: real {client}/{holding}");
                }
            }
        }
    }
}

/// Signed by both, and then with the signatures the other way round, as no signer of ours
/// writes them.
fn signed_by(root: &Path, names: [&str; 2], reversed: bool) {
    let folder = root.join("dists/stable");
    let time = keys::time(keys::SIGNED);
    let signers = names.map(|name| keys::signer(name, time));
    let text = fs::read(folder.join("Release")).unwrap();
    let mut message = pkgseal_openpgp::cleartext::sign(&signers, &text, time).unwrap();
    if reversed {
        let begin = b"-----BEGIN PGP SIGNATURE-----";
        let at = message
            .windows(begin.len())
            .position(|bytes| bytes == begin);
        let block = message.split_off(at.unwrap());
        let mut packets = pkgseal_openpgp::SignatureBlock::split(&block).unwrap();
        packets.reverse();
        message.extend(keys::armor(&packets.concat()));
    }
    fs::write(folder.join("InRelease"), message).unwrap();
    for name in ["Release", "Release.gpg"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
}

#[test]
fn a_version_6_key_strands_the_apt_of_bookworm() {
    let rotation = Rotation::new("good-rsa4096", "good-v6-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let clients = ["--client", "bookworm", "--client", "trixie"];
    let plan = rotation.plan(&clients, &[&root]);
    assert_eq!(plan.status, 1);
    let run = rotation.step("2025-03-03", &rotation.both(), &[]);
    run.prints("--strand bookworm/both");
    run.prints_no("--strand trixie/both");
    // Announced all the same: its certificate hides the old one.
    for (which, expected) in [(apt::Which::Installed, false), (apt::Which::Trixie, true)] {
        if let Some(accepted) = updates(which, &root, &[rotation.old, rotation.new]) {
            assert_eq!(accepted, expected, "{which:?}");
        }
    }
    // Signed by both: the old signature has to come first.
    for reversed in [false, true] {
        let copy = rotation.apt(&format!("reversed-{reversed}"), rotation.old, &[]);
        signed_by(&copy, rotation.both(), reversed);
        if let Some(accepted) = updates(apt::Which::Installed, &copy, &[rotation.old]) {
            assert_eq!(accepted, !reversed);
        }
        if let Some(accepted) = updates(apt::Which::Trixie, &copy, &[rotation.old]) {
            assert!(accepted, "reversed: {reversed}");
        }
    }
}

/// A dnf whose gpgkey= names a file with these certificates installs the package.
fn installs(rotation: &Rotation, root: &Path, trusted: &[&str]) -> Option<bool> {
    let file = rotation.path(&format!("RPM-GPG-KEY-{}", trusted.join("-")));
    let certificates = trusted
        .iter()
        .flat_map(|name| keys::load(name).certificate().to_vec());
    fs::write(&file, certificates.collect::<Vec<u8>>()).unwrap();
    let dnf = yum::Dnf::by(&format!(
        "[test]\nname=TEST\nbaseurl=file://{}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n\
         gpgkey=file://{}\n",
        root.display(),
        file.display()
    ))?;
    Some(dnf.run(&["install", "alpha"]).accepted())
}

/// Whether this rpm finds a signature it trusts on the package.
fn checks(root: &Path, trusted: &[&str]) -> Option<bool> {
    let keys: Vec<_> = trusted.iter().map(|name| keys::load(name)).collect();
    let keys: Vec<_> = keys.iter().collect();
    Some(rpm::check(&find(root, ".rpm"), &keys)?.accepted())
}

/// As [`checks`], by the rpm of Debian 13.
fn newer_checks(root: &Path, trusted: &[&str]) -> Option<bool> {
    let room = Room::new()?;
    let database = format!("--dbpath={}", room.inside().join("db").display());
    let rpmkeys = |option: &str, path: &Path| {
        let mut command = room.command("rpmkeys");
        command.args([&*database, option]).arg(path);
        command.output().unwrap().status.success()
    };
    for name in trusted {
        let path = room.put(name, keys::load(name).certificate());
        assert!(rpmkeys("--import", &path), "{name}");
    }
    let package = room.put("alpha.rpm", fs::read(find(root, ".rpm")).unwrap());
    Some(rpmkeys("--checksig", &package))
}

/// Compares a dnf with every keyring to what `status` says of repomd.xml and packages.
fn dnf_as_status_says(rotation: &Rotation, root: &Path, time: &str, expected: [bool; 3]) {
    for ((keyring, trusted), expected) in keyrings(rotation).into_iter().zip(expected) {
        for (client, accepted) in [
            ("rpm-4.18", checks(root, &trusted)),
            ("rpm-4.20", newer_checks(root, &trusted)),
        ] {
            let mut says = rotation.says(time, client, keyring);
            says.retain(|(subject, _)| subject != "packages to come");
            assert_eq!(says.len(), 1, "{says:?}");
            if let Some(accepted) = accepted {
                assert_eq!(accepted, says[0].1, "{time}: real {client}/{keyring}");
            }
        }
        let mut says = rotation.says(time, "dnf-el9", keyring);
        says.extend(rotation.says(time, "rpm-4.18", keyring));
        says.retain(|(subject, _)| subject != "packages to come");
        assert!(says.len() >= 3, "{says:?}");
        let all = says.iter().all(|(_, accepts)| *accepts);
        assert_eq!(all, expected, "{time}: {keyring}: {says:?}");
        if let Some(accepted) = installs(rotation, root, &trusted) {
            assert_eq!(accepted, expected, "{time}: real dnf/{keyring}");
        }
    }
}

#[test]
fn no_step_strands_a_dnf_that_the_plan_counts() {
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let root = rotation.yum("yum", rotation.old);
    let clients = [
        "--client", "rpm-4.18", "--client", "rpm-4.20", "--client", "dnf-el9",
    ];
    rotation.planned(&clients, &[&root]);
    dnf_as_status_says(&rotation, &root, "2025-03-02", [true, true, false]);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    dnf_as_status_says(&rotation, &root, "2025-03-03", [true, true, false]);
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    // Packages keep the old signature: the new certificate alone is not enough yet.
    dnf_as_status_says(&rotation, &root, "2025-06-01", [false, true, false]);
    let early = rotation.step("2025-06-15", &[], &[]);
    assert_eq!(early.status, 1, "{}", early.stdout);
    rotation.sign_packages(&root, "2025-06-15").expect(0);
    rotation.step("2025-06-15", &[], &[]).expect(0);
    dnf_as_status_says(&rotation, &root, "2025-06-15", [false, true, true]);
}

#[test]
fn the_naive_order_strands_a_real_dnf() {
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let root = rotation.yum("yum", rotation.old);
    let clients = ["--client", "rpm-4.18", "--client", "dnf-el9"];
    rotation.planned(&clients, &[&root]);
    let run = rotation.step("2025-03-03", &[rotation.new], &["--step", "hand-over"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    let naive = rotation.yum("naive", rotation.new);
    for (trusted, expected) in [(rotation.old, false), (rotation.new, true)] {
        if let Some(accepted) = installs(&rotation, &naive, &[trusted]) {
            assert_eq!(accepted, expected, "{trusted}");
        }
        if let Some(accepted) = installs(&rotation, &root, &[trusted]) {
            assert_eq!(accepted, !expected, "dropped too early, {trusted}");
        }
    }
}

/// What `step` refuses as two signatures in repomd.xml.asc, done all the same: zypper looks for
/// the key of the last one.
#[test]
fn two_signatures_in_repomd_strand_a_real_zypper() {
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let root = rotation.yum("yum", rotation.old);
    rotation
        .plan(&["--client", "zypper-suse"], &[&root])
        .expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    let both = ["--step", "dual-sign", "--several-signatures"];
    let run = rotation.step("2025-03-04", &rotation.both(), &both);
    assert_eq!(run.status, 1, "{}", run.stdout);
    run.prints("zypper-suse with the old keyring");
    run.prints("the key of the last signature");
    run.prints_no("zypper-suse with both");

    let key = root.join("repodata/repomd.xml.key");
    let finds = |name: &str| {
        // It would import whatever stands there.
        let _ = fs::remove_file(&key);
        let url = format!("dir:{}", root.display());
        Some(yum::zypper(&url, &keys::load(name))?.says("alpha"))
    };
    for (name, expected) in [(rotation.old, true), (rotation.new, false)] {
        if let Some(found) = finds(name) {
            assert_eq!(found, expected, "one signature, {name}");
        }
    }
    pkgseal([
        "yum",
        "sign",
        "--packages",
        "none",
        "--several-signatures",
        "--time",
        "2025-03-04",
    ])
    .arg("--key")
    .arg(rotation.key(rotation.old))
    .arg("--key")
    .arg(rotation.key(rotation.new))
    .arg(&root)
    .run()
    .expect(0);
    for (name, expected) in [(rotation.old, false), (rotation.new, true)] {
        if let Some(found) = finds(name) {
            assert_eq!(found, expected, "two signatures, {name}");
        }
    }
}

/// Calls that make something visible, and one that comes in between.
const CALLS: [&str; 4] = ["rename", "renameat2", "linkat", "fsync"];

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let done = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(done.unwrap().success());
}

/// A hand-over of two repositories that is killed at every step of the way: nobody who is
/// counted is left behind meanwhile, and the next run ends it.
#[test]
fn a_killed_step_strands_nobody_and_is_ended_by_the_next() {
    let Some(strace) = strace::strace() else {
        return;
    };
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let places = rotation.path("www");
    let apt = rotation.apt("www/apt", rotation.old, &[]);
    let yum = rotation.yum("www/yum", rotation.old);
    let keyring = places.join("example.gpg");
    fs::write(&keyring, keys::keyring(&[rotation.old])).unwrap();
    let options = [
        "--client",
        "bookworm",
        "--client",
        "rpm-4.18",
        "--client",
        "dnf-el9",
        "--published",
        keyring.to_str().unwrap(),
    ];
    rotation.planned(&options, &[&apt, &yum]);
    for time in ["2025-03-03", "2025-03-04"] {
        rotation.step(time, &rotation.both(), &[]).expect(0);
    }
    let backup = rotation.path("backup");
    copy(&places, &backup);
    let plan = fs::read(rotation.file()).unwrap();
    let mut step = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    step.args([
        "key",
        "rotate",
        "step",
        "--jobs",
        "1",
        "--time",
        "2025-06-01",
        "--key",
    ])
    .arg(rotation.key(rotation.new))
    .arg(rotation.file());
    let log = rotation.path("log");
    let mut killed = 0;
    for call in CALLS {
        // Every one of the first, then fewer: many of them are alike.
        let numbers = (1..5).chain((5..).step_by(7));
        for number in numbers {
            copy(&backup, &places);
            fs::write(rotation.file(), &plan).unwrap();
            let went = strace::inject(&strace, &step, call, "signal=KILL", number, &log);
            if went == Went::Through {
                break;
            }
            killed += 1;
            let left = rotation.left_behind("2025-06-01");
            assert!(left.is_empty(), "{call} {number}: {left:?}");
            // Killed when all was done, it has nothing left to do.
            let ended = rotation.status("2025-06-02").stdout.contains("next: drop");
            if !ended {
                let again = rotation.step("2025-06-02", &[rotation.new], &[]);
                let said = format!("{}{}", again.stdout, again.stderr);
                assert_eq!(again.status, 0, "{call} {number}: {said}");
            }
            let status = rotation.status("2025-06-03");
            assert_eq!(status.status, 0, "{call} {number}: {}", status.stdout);
            assert!(
                status.stdout.contains("next: drop"),
                "{call} {number}: {}",
                status.stdout
            );
        }
    }
    assert!(killed > 10, "{killed}");
}
