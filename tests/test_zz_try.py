import os, subprocess
def test_it(postgres_server, tmp_path):
    env={**os.environ,"CSIRT_DATABASE_URL":postgres_server.fresh_database()}
    for a in (["init","--city","csirt/city_data/sample/city.toml"],["ingest","csirt/city_data/sample/detections/edr.cef"],["verify"],["incidents"]):
        r=subprocess.run([".venv/bin/csirt",*a,"--data",str(tmp_path/"d")],env=env,capture_output=True,text=True)
        print(a[0],r.returncode,r.stdout[-300:],r.stderr[-300:])
    print(sorted(os.listdir(tmp_path/"d")))
