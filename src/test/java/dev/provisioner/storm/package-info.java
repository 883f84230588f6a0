/**
 * The storm: hundreds of users, three instances of the packaged service, and everything that can go
 * wrong going wrong at once, as one seed has decided. Asks of the service only what it promises.
 */
@NullMarked
package dev.provisioner.storm;

import org.jspecify.annotations.NullMarked;
