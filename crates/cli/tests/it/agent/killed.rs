//! The agent itself is killed while it signs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use pkgseal_testkit::build::{maven, put};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{have, run};

use super::{Shop, TIME, beside, gpgv};
use crate::run::{Call, Run, listing, pkgseal};

/// Clock ticks (10 ms) that the agent computes before it is killed: some twenty signatures
/// with RSA-4096, of more than two hundred.
const TICKS: u64 = 40;
/// A run that has not come so far by then never will.
const PATIENCE: Duration = Duration::from_secs(120);

impl Shop {
    /// The process that keeps the keys of this home; it is started where it does not run.
    fn agent(&self) -> u32 {
        let asked = run(have("gpg-connect-agent")
            .unwrap()
            .command()
            .arg("--homedir")
            .arg(self.home.path())
            .args(["getinfo pid", "/bye"]))
        .expect_ok();
        let line = asked.text.lines().find_map(|line| line.strip_prefix("D "));
        line.unwrap().trim().parse().unwrap()
    }
}

/// What a process has computed so far, in ticks (proc(5), `utime`); none where it is gone.
fn computed(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(11)?.parse().ok()
}

/// Runs it, and kills the agent with a signal that it cannot handle once it has computed
/// for a while. Nothing but signatures takes it that long.
fn killed(shop: &Shop, call: Call) -> Run {
    let agent = shop.agent();
    let before = computed(agent).unwrap();
    let signing = call.start();
    let begun = Instant::now();
    while computed(agent).is_some_and(|now| now < before + TICKS) {
        assert!(begun.elapsed() < PATIENCE, "the agent signs nothing");
        std::thread::yield_now();
    }
    let kill = Command::new("kill")
        .args(["-KILL", &agent.to_string()])
        .status()
        .unwrap();
    assert!(kill.success(), "the agent ended by itself");
    signing.end()
}

#[track_caller]
fn told(run: &Run) {
    assert!(run.stderr.contains("gpg-agent"), "{}", run.stderr);
    assert!(
        run.stderr.contains("hint: ") && run.stderr.contains("run the same command again"),
        "{}",
        run.stderr
    );
}

/// A repository becomes signed as a whole: not one signature is in it after the kill.
#[test]
fn a_repository_is_signed_whole_or_not_at_all() {
    let key = keys::load("good-rsa4096");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    let staging = shop.path("staging");
    for number in 0..60 {
        let artifact = maven::Artifact::new("org.example", &format!("lib{number}"), "1.0");
        for (file, content) in artifact.files() {
            put(&staging, &file, content);
        }
    }
    let before = pkgseal_testkit::peers::files(&staging);
    assert!(before.len() > 200, "{} files", before.len());

    let run = killed(&shop, shop.call("maven sign", &key).arg(&staging)).expect(2);
    told(&run);
    let after = pkgseal_testkit::peers::files(&staging);
    assert_eq!(after, before, "no signature, no litter");

    // The same command, and a new agent.
    shop.call("maven sign", &key).arg(&staging).run().expect(0);
    for ending in [".jar", ".pom"] {
        let file = crate::run::find(&staging, ending);
        gpgv(&key, &beside(&file), Some(&file));
    }
    pkgseal(["maven", "verify", "--time", TIME, "--keyring"])
        .arg(key.certificate_path())
        .arg(&staging)
        .run()
        .expect(0);
}

/// Of many files each is signed or is not; the same command goes on from there.
#[test]
fn of_many_files_each_is_signed_or_is_not() {
    let key = keys::load("good-rsa4096");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    let files: Vec<PathBuf> = (0..240)
        .map(|number| shop.put(&format!("many/{number:03}"), format!("{number}\n")))
        .collect();
    let run = killed(&shop, shop.call("sign", &key).args(&files)).expect(2);
    told(&run);
    let names = listing(&shop.path("many"));
    let signed: Vec<&PathBuf> = files.iter().filter(|file| beside(file).exists()).collect();
    assert_eq!(names.len(), files.len() + signed.len(), "no litter");
    assert!(signed.len() < files.len(), "it was killed midway");
    for file in &signed {
        gpgv(&key, &beside(file), Some(file));
    }

    shop.call("sign", &key).args(&files).run().expect(0);
    pkgseal(["verify", "--time", TIME, "--keyring"])
        .arg(key.certificate_path())
        .args(&files)
        .run()
        .expect(0);
    assert_eq!(listing(&shop.path("many")).len(), 2 * files.len());
}
