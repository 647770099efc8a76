"""Model files and patches, side by side with others and with the limit of the machine, in one run.

usage: files.py BENCHMARK-PROGRAM UNLEARN-PATCH PYTHON WORK-FOLDER [SECTION ...]

PYTHON has numpy and safetensors. Sections: header load size apply full scale (default: all). Each figure is the best
of ROUNDS turns in which all sides run one after the other, so that what else the machine does meets all of them. zstd,
xdelta3 and openssl are programs; what is missing is said to be missing. Everything is made in WORK-FOLDER.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import time

BENCHMARK, TOOL, PYTHON, WORK = (os.path.abspath(path) for path in sys.argv[1:5])
SECTIONS = sys.argv[5:] or ["header", "load", "size", "apply", "full", "scale"]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
HERE = os.path.dirname(os.path.abspath(__file__))


def run(command, **options):
    """Seconds, peak resident megabytes and output of a command that must succeed."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    output, errors = child.communicate()
    seconds = time.monotonic() - start
    if child.returncode:
        sys.exit(f"{' '.join(command)}: {errors}{output}")
    return seconds, output


def measured(command, **options):
    """The same, with the peak memory as the kernel accounts it, through a small parent of its own."""
    script = (
        "import json,resource,subprocess,sys,time\n"
        "start=time.monotonic()\n"
        "done=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL)\n"
        "seconds=time.monotonic()-start\n"
        "print(json.dumps([seconds,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024]))\n"
        "sys.exit(done.returncode)"
    )
    return json.loads(run([sys.executable, "-c", script, *command], **options)[1])


def best(sides, rounds=ROUNDS, before=lambda: None):
    """The best time of each side; all run in turns."""
    found = {name: float("inf") for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            before()
            found[name] = min(found[name], side())
    return found


def cool(path):
    """Makes the kernel forget a file's pages."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def table(title, lines):
    print(f"\n{title}")
    for line in lines:
        print("  " + line)
    sys.stdout.flush()


def write_header(path, count):
    """A file of many small tensors, as large models with many parts have them."""
    entries, offset = {}, 0
    for index in range(count):
        entries[f"model.layers.{index // 64}.mlp.experts.{index % 64}.down_proj.weight"] = {
            "dtype": "BF16", "shape": [2, 4], "data_offsets": [offset, offset + 16]}
        offset += 16
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + bytes(offset))
    return len(text)


PEER_HEADER = """
import json,sys,time
from safetensors import safe_open
def peak(): return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
before=peak()
best=1e9
for _ in range(int(sys.argv[2])):
    start=time.perf_counter()
    with safe_open(sys.argv[1],"np") as file: pass
    best=min(best,time.perf_counter()-start)
print(json.dumps({"seconds":best,"kilobytes":peak()-before}))
"""


def header():
    lines = [f"{'tensors':>8} {'ours':>10} {'safe_open':>10} {'faster':>7} {'ours':>9} {'safe_open':>9} {'smaller':>8}"]
    for count in (3_000, 30_000, 300_000):
        path = os.path.join(WORK, "many.safetensors")
        write_header(path, count)
        turns = str(max(3, 60_000 // count))
        ours, peer = [], []
        for _ in range(ROUNDS):
            ours.append(json.loads(run([BENCHMARK, "header", path, turns])[1]))
            peer.append(json.loads(run([PYTHON, "-c", PEER_HEADER, path, turns])[1]))
        os.remove(path)
        a, b = (min(side["seconds"] for side in sides) for sides in (ours, peer))
        m, n = (min(side["kilobytes"] for side in sides) for sides in (ours, peer))
        smaller = f"{n / m:7.1f}x" if m > 0 else "     all"
        lines.append(f"{count:>8} {a * 1e3:>7.2f} ms {b * 1e3:>7.2f} ms {b / a:>6.1f}x {m:>6} kB {n:>6} kB {smaller}")
    table("1. open and parse a header (asked: 5 times faster, 5 times less memory)", lines)


PEER_LOAD = """
import json,sys,time
import numpy as np
from safetensors import safe_open
start=time.perf_counter()
total=np.uint64(0)
with safe_open(sys.argv[1],"np") as file:
    for name in file.keys():
        total^=np.bitwise_xor.reduce(file.get_tensor(name).reshape(-1).view(np.uint64))
print(json.dumps({"seconds":time.perf_counter()-start}))
"""


def load():
    path = os.path.join(WORK, "load.safetensors")
    names = {f"tensor.{index}": {"dtype": "F32", "shape": [4096, 4096],
                                 "data_offsets": [index << 26, (index + 1) << 26]} for index in range(16)}
    text = json.dumps(names, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _ in range(16):
            file.write(os.urandom(1 << 26))
    lines = []
    for kind, before in (("warm", lambda: None), ("cold", lambda: cool(path))):
        found = best({
            "mapped": lambda: json.loads(run([BENCHMARK, "load", path, "mapped"])[1])["seconds"],
            "read": lambda: json.loads(run([BENCHMARK, "load", path, "read"])[1])["seconds"],
            "safe_open": lambda: json.loads(run([PYTHON, "-c", PEER_LOAD, path])[1])["seconds"],
            "cat": lambda: run(["sh", "-c", f"cat {path} >/dev/null"])[0],
        }, before=before)
        for name in ("mapped", "read", "safe_open"):
            lines.append(f"{kind} {name:<10} {found[name]:6.3f} s   {found[name] / found['cat']:5.2f} of cat ({found['cat']:.3f} s)")
    os.remove(path)
    table("2. read every byte of 1.07 GB (asked: ours within 1.1 of cat)", lines)


def make_models(name, *options):
    folder = os.path.join(WORK, name)
    if not os.path.isdir(folder):
        run([PYTHON, os.path.join(HERE, "make-edit.py"), folder, *options])
    return folder


def workspace(folder):
    """A workspace with a key beside a folder of models; gives the way to run the tool in it."""
    def tool(*arguments):
        return [TOOL, *arguments]

    options = {"cwd": folder, "env": {**os.environ, "XDG_STATE_HOME": os.path.join(folder, "state")}}
    if not os.path.isdir(os.path.join(folder, ".unlearn")):
        run(tool("init", "--origin", "bench.example/log"), **options)
        run(tool("keygen", "--role", "artifact", "-o", "officer"), **options)
        run(tool("trust", "add", "officer.pub.pem"), **options)
    return tool, options


def program(name):
    return shutil.which(name) is not None


EDITS = {"small": "σ = 1e-3", "large": "σ = 2e-2"}


def size():
    folder = make_models("page", "--layers", "8")
    tool, options = workspace(folder)
    lines = []
    for edit, limit in (("small", 0.65), ("large", 21)):
        sizes = {}
        for encoding in ("compact", "replace"):
            patch = f"{edit}.{encoding}.patch.safetensors"
            seconds, memory = measured(
                tool("diff", "base", edit, "--encoding", encoding, "-o", patch, "--force"), **options)
            sizes[f"ours, {encoding}"] = (os.path.getsize(os.path.join(folder, patch)), seconds, memory)
        old, new = (os.path.join(folder, name, "model.safetensors") for name in ("base", edit))
        out = os.path.join(folder, "peer.out")
        for name, command in (
            ("zstd -1 --patch-from", ["zstd", "-q", "-f", "-1", "--long=31", f"--patch-from={old}", new, "-o", out]),
            ("xdelta3", ["xdelta3", "-f", "-e", "-s", old, new, out]),
        ):
            if program(command[0]):
                seconds, memory = measured(command, **options)
                sizes[name] = (os.path.getsize(out), seconds, memory)
                os.remove(out)
            else:
                lines.append(f"{EDITS[edit]}  {name}: not installed")
        for name, (count, seconds, memory) in sizes.items():
            lines.append(
                f"{EDITS[edit]}  {name:<22} {count / 1e6:8.3f} MB  {seconds:6.2f} s  {memory:7.0f} MB resident"
                + (f"   asked: {limit} MB" if name == "ours, compact" else ""))
    table("3. size of a patch to 1.08 GB, and making it (ours hashes both sides as well)", lines)


NUMPY_EDIT = """
import json,struct,sys,numpy as np
def load(path):
    data=open(path,"rb").read(); n=struct.unpack("<Q",data[:8])[0]; head=json.loads(data[8:8+n])
    return {k:(e,np.frombuffer(data,np.uint8,e["data_offsets"][1]-e["data_offsets"][0],8+n+e["data_offsets"][0])) for k,e in head.items() if k!="__metadata__"}
def values(entry):
    e,raw=entry
    return raw.view({"BF16":np.uint16,"U32":np.uint32,"U64":np.uint64}[e["dtype"]]).reshape(e["shape"])
model={k:values(v).copy() for k,v in load(sys.argv[1]).items()}
patch=load(sys.argv[2])
for name in patch:
    if name.endswith(".value"): continue
    tensor,kind=name.rsplit("#",1); index=values(patch[name]); value=values(patch[name+".value"])
    if kind=="rows": model[tensor][index]=value
    elif kind=="columns": model[tensor][:,index]=value
    else: model[tensor].reshape(-1)[index]=value
head,offset={},0
for k,t in model.items():
    head[k]={"dtype":"BF16","shape":list(t.shape),"data_offsets":[offset,offset+t.nbytes]}; offset+=t.nbytes
text=json.dumps(head,separators=(",",":")).encode(); text+=b" "*(-len(text)%8)
with open(sys.argv[3],"wb") as f:
    f.write(struct.pack("<Q",len(text))+text)
    for t in model.values(): f.write(t.tobytes())
"""

EXTENTS = """
import json,struct,sys,os,numpy as np
def header(path):
    with open(path,"rb") as f: n=struct.unpack("<Q",f.read(8))[0]; return json.loads(f.read(n)),8+n
base,ob=header(sys.argv[1]); patch,op=header(sys.argv[2]); raw=np.memmap(sys.argv[2],np.uint8,"r"); size=os.path.getsize(sys.argv[1])
pages=np.zeros((size+4095)//4096+1,bool)
for name,e in patch.items():
    if name=="__metadata__" or name.endswith(".value"): continue
    tensor,kind=name.rsplit("#",1); b=base[tensor]; start=ob+b["data_offsets"][0]; a,z=e["data_offsets"]
    index=raw[op+a:op+z].view(np.uint64 if kind=="elements" else np.uint32).astype(np.int64)
    if kind=="rows":
        row=(b["data_offsets"][1]-b["data_offsets"][0])//b["shape"][0]
        for i in index: pages[(start+i*row)//4096:(start+i*row+row-1)//4096+1]=True
    elif kind=="columns": pages[((start+(np.arange(b["shape"][0])[:,None]*b["shape"][1]+index[None,:])*2)//4096).ravel()]=True
    else: pages[(start+index*2)//4096]=True
change=np.diff(np.concatenate([[0],pages.astype(np.int8),[0]]))
with open(sys.argv[3],"w") as f:
    for a,z in zip(np.where(change==1)[0],np.where(change==-1)[0]): f.write(f"{a*4096} {min(z*4096,size)-a*4096}\\n")
"""


def signed(folder, edit, tool, options):
    """The `replace` patch of an edit, signed."""
    patch = f"{edit}.replace.patch.safetensors"
    if not os.path.exists(os.path.join(folder, patch + ".sigstore.json")):
        run(tool("diff", "base", edit, "-o", patch, "--force"), **options)
        run(tool("sign", patch, "--key", "officer.key.pem"), **options)
    return patch


def fresh(folder):
    """A model of its own to be changed."""
    if not os.path.isdir(os.path.join(folder, "model")):
        shutil.copytree(os.path.join(folder, "base"), os.path.join(folder, "model"))
    return os.path.join(folder, "model", "model.safetensors")


def timed_apply(tool, options, patch, *flags):
    """Applies and takes back; the time and memory of applying."""
    os.sync()
    found = measured(tool("apply", "model", patch, "-q", *flags), **options)
    run(tool("rollback", "model", "-q"), **options)
    return found


def apply():
    folder = make_models("page", "--layers", "8")
    tool, options = workspace(folder)
    model, lines = fresh(folder), []
    for edit in EDITS:
        patch = signed(folder, edit, tool, options)
        extents = os.path.join(folder, "extents")
        run([PYTHON, "-c", EXTENTS, model, os.path.join(folder, patch), extents])
        memory = []

        def ours():
            seconds, peak = timed_apply(tool, options, patch, "--verify", "touched")
            memory.append(peak)
            return seconds

        def limit():
            os.sync()
            return json.loads(run([BENCHMARK, "touched", model, extents])[1])["seconds"]

        def numpy():
            out = os.path.join(folder, "numpy.safetensors")
            seconds, _ = run([PYTHON, "-c", NUMPY_EDIT, model, os.path.join(folder, patch), out])
            os.remove(out)
            return seconds

        found = best({"ours": ours, "limit": limit})
        peer = best({"numpy": numpy}, rounds=2)["numpy"]
        lines.append(
            f"{EDITS[edit]}  ours {found['ours']:.3f} s, limit {found['limit']:.3f} s: {found['ours'] / found['limit']:.2f};"
            f"  NumPy {peer:.2f} s: {peer / found['ours']:.1f} times;  {max(memory):.0f} MB resident")
    table("4. apply in place, --verify touched, 1.08 GB (asked: 2 of the limit, NumPy 10 times, 64 MB)", lines)


def full():
    folder = make_models("page", "--layers", "8")
    tool, options = workspace(folder)
    model, lines = fresh(folder), []
    for edit in EDITS:
        patch = signed(folder, edit, tool, options)
        found = best({
            "ours": lambda: timed_apply(tool, options, patch, "--verify", "full")[0],
            "openssl": lambda: run(["openssl", "dgst", "-sha256", model])[0],
        })
        lines.append(
            f"{EDITS[edit]}  ours {found['ours']:.3f} s, openssl {found['openssl']:.3f} s: {found['ours'] / found['openssl']:.2f}")
    table("5. apply in place, --verify full (asked: 1.2 of one openssl dgst -sha256 over the same file)", lines)


def scale():
    lines = []
    for layers in (2, 9, 40):
        folder = make_models(f"scale-{layers}", "--layers", str(layers), "--vocabulary", "2000", "--edit-layers", "2")
        tool, options = workspace(folder)
        model = fresh(folder)
        patch = signed(folder, "large", tool, options)
        seconds = best({"ours": lambda: timed_apply(tool, options, patch, "--verify", "touched")[0]})["ours"]
        lines.append(f"{os.path.getsize(model) / 1e9:5.2f} GB, 2 layers edited: {seconds:.3f} s")
        shutil.rmtree(folder)
    for edited in (1, 2, 4, 8):
        folder = make_models(f"edited-{edited}", "--layers", "8", "--vocabulary", "2000", "--edit-layers", str(edited))
        tool, options = workspace(folder)
        fresh(folder)
        patch = signed(folder, "large", tool, options)
        seconds = best({"ours": lambda: timed_apply(tool, options, patch, "--verify", "touched")[0]})["ours"]
        lines.append(f" 0.82 GB, {edited} layers edited: {seconds:.3f} s")
        shutil.rmtree(folder)
    table("6. apply in place, --verify touched: flat in the model's size, linear in what is touched", lines)


os.makedirs(WORK, exist_ok=True)
for section in SECTIONS:
    globals()[section]()
