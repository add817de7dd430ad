//! A small disk of its own for a journal: a file that is mounted through a loop device. It can be full, and it can hang.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::process::Command;

/// The size of the disk, in bytes.
const DISK_BYTES: u64 = 24 * 1024 * 1024;

/// A mounted file system. Dropping it unmounts it.
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts a new disk. If this machine cannot, says so and returns `None`.
    pub(crate) async fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image");
        File::create(&image).unwrap().set_len(DISK_BYTES).unwrap();
        let path = folder.path().join("disk");
        fs::create_dir(&path).unwrap();
        let made = run("mkfs.ext4", &["-q", "-m", "0", image.to_str().unwrap()]).await;
        let mounted = match made {
            Ok(()) => run("mount", &["-o", "loop", image.to_str().unwrap(), path.to_str().unwrap()]).await,
            Err(why) => Err(why),
        };
        match mounted {
            Ok(()) => Some(Self { folder }),
            Err(why) => {
                let told =
                    format!("no disk can be mounted here (it needs root, /dev/loop-control and e2fsprogs): {why}");
                assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
                eprintln!("skipped: {told}");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// Writes a file until the disk is full.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.filling()).unwrap();
        for piece in [vec![1; 64 * 1024], vec![1; 512]] {
            while file.write_all(&piece).and_then(|()| file.sync_data()).is_ok() {}
        }
    }

    pub(crate) fn filling(&self) -> PathBuf {
        self.path().join("filling")
    }

    /// Lets each write hang until what is returned is dropped.
    pub(crate) async fn freeze(&self) -> Frozen {
        run("fsfreeze", &["-f", self.path().to_str().unwrap()]).await.unwrap();
        Frozen { path: self.path() }
    }
}

/// A disk whose writes hang. Dropping it lets them go on.
pub(crate) struct Frozen {
    path: PathBuf,
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let thawed = std::process::Command::new("fsfreeze").arg("-u").arg(&self.path).status();
        assert!(std::thread::panicking() || thawed.is_ok_and(|status| status.success()), "the disk stays frozen");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A daemon that was killed just now may hold it for a moment: lazily.
        let unmounted = std::process::Command::new("umount").arg("-l").arg(self.path()).status();
        assert!(
            std::thread::panicking() || unmounted.is_ok_and(|status| status.success()),
            "the disk is not unmounted"
        );
    }
}

async fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().await.map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
