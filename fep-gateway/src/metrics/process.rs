//! The metrics of the process: memory, files, threads and processor time, by the names that dashboards of Prometheus know.
//!
//! They are read from the kernel for each page, and only on Linux. Elsewhere they are absent.

use std::time::SystemTime;

#[cfg(target_os = "linux")]
use metrics::counter;
use metrics::gauge;
#[cfg(target_os = "linux")]
use rustix::process::{Resource, getrlimit};
#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

/// Shows when the process began to count. The kernel knows the start of the process only in terms of files that a confined process
/// does not see.
pub(super) fn started() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    gauge!("process_start_time_seconds").set(now.unwrap_or_default().as_secs_f64());
}

/// Shows the present numbers. What cannot be read stays as it was.
#[cfg(target_os = "linux")]
pub(super) fn show() {
    let cpu = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
    counter!("process_cpu_seconds_total").absolute(u64::try_from(cpu).unwrap_or_default());
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        for (name, key, unit) in [
            ("process_resident_memory_bytes", "VmRSS:", 1024.0),
            ("process_virtual_memory_bytes", "VmSize:", 1024.0),
            ("process_threads", "Threads:", 1.0),
        ] {
            if let Some(value) = value(&status, key) {
                gauge!(name).set(value * unit);
            }
        }
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        // One of them is this folder itself.
        gauge!("process_open_fds").set(super::number(files.count().saturating_sub(1)));
    }
    if let Some(max) = getrlimit(Resource::Nofile).current {
        gauge!("process_max_fds").set(super::number_of(max));
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn show() {}

/// The number behind a key of `/proc/self/status`, in the unit of the file.
#[cfg(target_os = "linux")]
fn value(status: &str, key: &str) -> Option<f64> {
    status.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::value;

    #[test]
    fn the_numbers_of_this_process_can_be_read() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        for (key, min) in [("VmRSS:", 100.0), ("VmSize:", 100.0), ("Threads:", 1.0)] {
            assert!(value(&status, key).is_some_and(|value| value >= min), "{key}\n{status}");
        }
        assert_eq!(value("VmRSS:\t   12 kB\n", "VmRSS:"), Some(12.0));
        assert_eq!(value("VmRSS:\n", "VmRSS:"), None);
    }
}
