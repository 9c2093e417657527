"""A credential is rotated while people work with it, the old one revoked although the new one never came to be."""

import shutil
import subprocess
import sys

from stage import play


async def story(stage):
    for file in ["vault.py", "vaultctl.py"]:
        shutil.copy(stage.example / file, stage.folder)
    stage.configure(("/srv/vault", stage.folder))

    def somebody(what, *words):
        stage.somebody(what)
        subprocess.run([sys.executable, stage.folder / "vaultctl.py", stage.folder / "vault.json", *words], check=True)

    async with stage.agent("vault") as agent:
        stage.scene("good", "Nobody is signed in: a new version, and then the old one goes.")
        await agent.call("get_credential", name="mail")
        await agent.call("rotate", name="mail", from_version=1)
        await agent.call("revoke", name="mail", version=1)

        stage.scene("in use", "The agent saw that nobody is signed in; then somebody is.")
        await agent.call("get_credential", name="billing")
        somebody("40 people sign in to billing", "users", "billing", "40")
        await agent.call("rotate", name="billing", from_version=1)

        stage.scene("overtaken", "Somebody else rotates first; the agent rotates what is new already.")
        await agent.call("get_credential", name="search")
        somebody("rotates search", "move", "search")
        await agent.call("rotate", name="search", from_version=1)

        stage.scene("skipped", "The agent revokes the old version without having made a new one.")
        await agent.call("get_credential", name="metrics")
        await agent.call("revoke", name="metrics", version=1)

        stage.scene("empty promise", "The vault says yes and does nothing; the agent believes it and revokes the old version.")
        somebody("the vault's backend goes down", "backend", "down")
        await agent.call("get_credential", name="payroll")
        await agent.call("rotate", name="payroll", from_version=1)
        await agent.call("revoke", name="payroll", version=1)
        somebody("the vault's backend comes back", "backend", "up")

        stage.scene("approval", "The root credential: two people of security have to say yes.")
        await agent.call("get_credential", name="root")
        await agent.call("rotate", name="root", from_version=1)

        stage.scene("again", "The agent rotates mail once more within the hour.")
        await agent.call("get_credential", name="mail")
        await agent.call("rotate", name="mail", from_version=2)


play("credential-rotation", "Credential rotation", story)
