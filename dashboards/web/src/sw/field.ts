/** The service worker of the caseworker's page: it opens without a network. Nothing of `/api` is ever kept. */
import { keepShell, type Scope } from "./shell";

keepShell(self as unknown as Scope, "/field/");
